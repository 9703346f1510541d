import { ownSubnets, type Subnets, subnetsOf, subnetsOfAddresses } from '../../kernel/network-policy.ts';

/**
 * Addresses in a job's network: of the job, the gateway and the resolver. For IPv4 a range reserved for such links (RFC 7335), so
 * no other network uses it; for IPv6 a random private prefix (RFC 4193).
 */
export const line = {
  ipv4: { job: '192.0.0.2', bits: 29, gateway: '192.0.0.1', resolver: '192.0.0.1' },
  ipv6: { job: 'fd5c:9d3e:70a1::2', gateway: 'fe80::1', resolver: 'fd5c:9d3e:70a1::1' },
} as const;

/** What one job can reach. */
export interface Reach {
  /** whether it can also reach private networks */
  trusted: boolean;
  /** the only addresses that it can reach; undefined for all that are not blocked */
  listed: readonly ListedAddress[] | undefined;
  /** addresses of Volt's servers, which are always blocked */
  servers: readonly string[];
}

export interface ListedAddress {
  address: string;
  /** undefined for every port */
  port: number | undefined;
}

/** the table of a network's rules */
export const table = 'inet job';
/** sends a packet back to its sender as refused */
export const refused = 'goto refuse';
const transport = 'meta l4proto { tcp, udp }';

/**
 * The rules of a job's network in the syntax of nft(8), on one line. They filter outgoing packets by destination. Routes would not
 * be enough: a program that binds to an interface bypasses them.
 */
export function filterRules({ trusted, listed, servers }: Reach): string {
  const chain = [
    'type filter hook output priority filter; policy drop',
    'oifname "lo" accept',
    // neighbour discovery, which only the kernel can send
    'icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld2-listener-report } accept',
    // with a list, the job finds the addresses of the hosts in /etc/hosts
    ...(listed ? [] : resolverRules),
    ...to('closed', refused),
    ...to('own', refused),
    ...to('servers', refused),
    ...(listed ? listRules : [...(trusted ? [] : ['private', 'near'].flatMap((set) => to(set, refused))), 'accept']),
    refused,
  ];
  // rejecting lets programs fail at once instead of waiting
  const refuse = ['meta l4proto tcp reject with tcp reset', 'reject with icmpx admin-prohibited'];
  const sets = [
    ...['closed', 'own', 'servers', 'private', 'near'].flatMap(setOfRanges),
    ...(listed ? setsOfHosts : []),
  ];
  return [
    `table ${table} { ${[...sets, chainOf('refuse', refuse), chainOf('output', chain)].join('; ')}; }`,
    fillBoth('closed', subnetsOf(['machine', 'link', 'none'])),
    fillBoth('private', subnetsOf(['private'])),
    ownAddresses(),
    serverAddresses(servers),
    ...(listed ? [listedAddresses(listed)] : []),
  ].join('; ');
}

/** @param address of IPv4 */
export function resolverRule(address: string): string {
  return `ip daddr ${address} ${transport} th dport 53 accept`;
}

const resolverRules = [
  resolverRule(line.ipv4.resolver),
  `ip6 daddr ${line.ipv6.resolver} ${transport} th dport 53 accept`,
];

const listRules = [
  ...to('hosts', 'accept'),
  `${transport} ip daddr . th dport @ports4 accept`,
  `${transport} ip6 daddr . th dport @ports6 accept`,
];

const setsOfHosts = [4, 6].flatMap((kind) => [
  `set hosts${kind} { type ipv${kind}_addr; }`,
  `set ports${kind} { type ipv${kind}_addr . inet_service; }`,
]);

function to(set: string, verdict: string): string[] {
  return [`ip daddr @${set}4 ${verdict}`, `ip6 daddr @${set}6 ${verdict}`];
}

function chainOf(name: string, rules: readonly string[]): string {
  return `chain ${name} { ${rules.join('; ')}; }`;
}

function setOfRanges(name: string): string[] {
  return [4, 6].map((kind) => `set ${name}${kind} { type ipv${kind}_addr; flags interval; auto-merge; }`);
}

/** Rules that set the current addresses of this machine and the networks that it is in. */
export function ownAddresses(): string {
  const { own, near } = ownSubnets();
  return [fillBoth('own', own), fillBoth('near', near)].join('; ');
}

/** Rules that set the current addresses of Volt's servers. */
export function serverAddresses(servers: readonly string[]): string {
  return fillBoth('servers', subnetsOfAddresses(servers));
}

/** Rules that set the current addresses of a list. */
export function listedAddresses(listed: readonly ListedAddress[]): string {
  const filled = [4, 6].flatMap((kind) => {
    const those = listed.filter(({ address }) => address.includes(':') === (kind === 6));
    const hosts = those.filter(({ port }) => port === undefined).map(({ address }) => address);
    const ports = those.flatMap(({ address, port }) => (port === undefined ? [] : `${address} . ${port}`));
    return [fill(`hosts${kind}`, hosts), fill(`ports${kind}`, ports)];
  });
  return filled.join('; ');
}

function fillBoth(set: string, { ipv4, ipv6 }: Subnets): string {
  return `${fill(`${set}4`, ipv4)}; ${fill(`${set}6`, ipv6)}`;
}

function fill(set: string, elements: readonly string[]): string {
  const empty = `flush set ${table} ${set}`;
  const unique = [...new Set(elements)];
  return unique.length === 0 ? empty : `${empty}; add element ${table} ${set} { ${unique.join(', ')} }`;
}
