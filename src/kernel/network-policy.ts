import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { machineAddresses, nearSubnets } from '../system/machine-addresses.ts';

/**
 * What a job may reach, and Volt at a job's request, by VOLT_SANDBOX_NETWORK:
 * `on`: the internet; `off`: nothing; `list`: only these servers.
 */
export type NetworkPolicy = { kind: 'on' } | { kind: 'off' } | { kind: 'list'; hosts: readonly ListedHost[] };

/** A server of a list. */
export interface ListedHost {
  /**
   * lower case; an address without brackets. No wildcards: the filter works with addresses, and nobody can list the names below a
   * domain
   */
  host: string;
  /** undefined for every port */
  port: number | undefined;
}

/**
 * Classes of addresses: `machine`: of this machine, including loopback; `link`: link-local, or a metadata service of a cloud, which
 * gives out credentials; `private`: of a network that the internet does not reach, or of a subnet of this machine; `public`;
 * `none`: of no single machine (multicast, reserved).
 */
export type AddressClass = 'machine' | 'link' | 'private' | 'public' | 'none';

const listed = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?))(?::(\d{1,5}))?$/;

/** @returns undefined unless the text is `on`, `off` or a comma-separated list of hosts */
export function parseNetworkPolicy(text: string): NetworkPolicy | undefined {
  const given = text.trim().toLowerCase();
  if (given === 'on' || given === 'off') return { kind: given };
  const hosts = given.split(',').flatMap((part) => {
    const host = listedHost(part.trim());
    return host ? [host] : [];
  });
  return hosts.length === given.split(',').length ? { kind: 'list', hosts } : undefined;
}

/** The policy of a checked configuration. */
export function networkPolicy({ sandboxNetwork }: { sandboxNetwork: string }): NetworkPolicy {
  return parseNetworkPolicy(sandboxNetwork) ?? { kind: 'off' };
}

function listedHost(text: string): ListedHost | undefined {
  const [, six, name, port] = listed.exec(text) ?? [];
  const host = six ?? name;
  if (host === undefined || (six !== undefined && !isIPv6(six)) || Number(port ?? 1) > 65535) return undefined;
  return { host: six === undefined ? host : host.toLowerCase(), port: port === undefined ? undefined : Number(port) };
}

/** Whether the list contains the server. @param host a name or an address, without brackets */
export function isListed(hosts: readonly ListedHost[], host: string, port: number): boolean {
  const wanted = host.toLowerCase().replace(/\.$/, '');
  return hosts.some((each) => each.host === wanted && (each.port ?? port) === port);
}

/** https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry; metadata by each cloud's pages */
const ranges: Readonly<Record<Exclude<AddressClass, 'public'>, readonly string[]>> = {
  machine: ['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128'],
  link: [
    '169.254.0.0/16',
    'fe80::/10',
    // Alibaba Cloud, over both
    '100.100.100.200/32',
    'fd00:100::100:200/128',
    // Azure
    '168.63.129.16/32',
    // Amazon: metadata, credentials of EKS, resolver, clock
    'fd00:ec2::/32',
    // Google
    'fd20:ce::254/128',
    // Oracle; its older one is among `none`
    'fd00:c1::a9fe:a9fe/128',
    // Akamai, Scaleway
    'fd00:a9fe:a9fe::/64',
    'fd00:42::42/128',
  ],
  private: [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10',
    '198.18.0.0/15',
    'fc00::/7',
    'fec0::/10',
    '64:ff9b:1::/48',
  ],
  // Teredo hides an IPv4 address that it leads to
  none: ['224.0.0.0/4', '240.0.0.0/4', '192.0.0.0/24', 'ff00::/8', '100::/64', '2001::/32'],
};

/**
 * The subnets of some classes as `address/bits`. Those of IPv4 are in both lists, since a filter does not recognise IPv4 addresses
 * embedded in IPv6 ones.
 */
export function subnetsOf(classes: readonly Exclude<AddressClass, 'public'>[]): Subnets {
  return split(classes.flatMap((name) => ranges[name]));
}

/** The subnets of this machine's own addresses, and those that it is in, likewise. */
export function ownSubnets(): { own: Subnets; near: Subnets } {
  return { own: split(machineAddresses()), near: split(nearSubnets()) };
}

/** Subnets of single addresses, likewise. */
export function subnetsOfAddresses(addresses: readonly string[]): Subnets {
  return split(addresses.map(withoutScope).map((address) => `${address}/${isIPv4(address) ? 32 : 128}`));
}

/** Whether an address is one of the others, in any notation. */
export function isAmong(address: string, addresses: readonly string[]): boolean {
  const { ipv4, ipv6 } = subnetsOfAddresses(addresses);
  const plain = withoutScope(address);
  return listOf([...ipv4, ...ipv6]).check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
}

/** A link-local address may end with an interface. */
function withoutScope(address: string): string {
  return address.replace(/%.*$/, '');
}

export interface Subnets {
  ipv4: string[];
  ipv6: string[];
}

function split(subnets: readonly string[]): Subnets {
  const isOld = (subnet: string) => isIPv4(subnet.split('/')[0] ?? '');
  const ipv4 = subnets.filter(isOld);
  return { ipv4, ipv6: [...subnets.filter((subnet) => !isOld(subnet)), ...ipv4.flatMap(within6)] };
}

/** The IPv6 notations of an IPv4 subnet: mapped, of a translator and of 6to4, see `embedded`. */
function within6(subnet: string): string[] {
  const [address = '', bits] = subnet.split('/');
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const words = [a * 256 + b, c * 256 + d].map((word) => word.toString(16)).join(':');
  const mapped = ['::', '::ffff:', '64:ff9b::'].map((prefix) => `${prefix}${words}/${96 + Number(bits)}`);
  return [...mapped, `2002:${words}::/${16 + Number(bits)}`];
}

const lists = Object.entries(ranges).map(([name, subnets]) => [name as AddressClass, listOf(subnets)] as const);

/** @param subnets as `address/bits` */
function listOf(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = '', bits] = subnet.split('/');
    list.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** @param address an IPv4 or IPv6 address; anything else has the class `none` */
export function addressClass(address: string): AddressClass {
  const plain = withoutScope(address);
  if (isIPv4(plain)) return classOf(plain, 'ipv4');
  if (!isIPv6(plain)) return 'none';
  const inner = embedded(plain);
  return inner === undefined ? classOf(plain, 'ipv6') : classOf(inner, 'ipv4');
}

function classOf(address: string, family: 'ipv4' | 'ipv6'): AddressClass {
  // an address of this machine has the class `machine`, in any network
  if (listOf(machineAddresses()).check(address, family)) return 'machine';
  const known = lists.find(([, list]) => list.check(address, family))?.[0];
  return known ?? (listOf(nearSubnets()).check(address, family) ? 'private' : 'public');
}

/** The IPv4 address in an IPv6 one: mapped, of a translator (RFC 6052) or of 6to4 (RFC 3056). */
function embedded(address: string): string | undefined {
  const words = wordsOf(address);
  const zeros = (count: number) => words.slice(0, count).every((word) => word === 0);
  const pair = (at: number) => {
    const [high = 0, low = 0] = words.slice(at, at + 2);
    return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  };
  // also the deprecated form without "ffff", but not "::" and "::1"
  if (zeros(5) && (words[5] === 0xffff || (words[5] === 0 && words[6] !== 0))) return pair(6);
  if (words[0] === 0x64 && words[1] === 0xff9b && words[2] === 0) return pair(6);
  if (words[0] === 0x2002) return pair(1);
  return undefined;
}

/** The eight words of an IPv6 address. */
function wordsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = (a = '0', b = '0') => ((Number(a) << 8) | Number(b)).toString(16);
  const text = dotted ? `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}` : address;
  const [left = '', right] = text.split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)));
  const [before, after] = [words(left), words(right ?? '')];
  return right === undefined ? before : [...before, ...Array(8 - before.length - after.length).fill(0), ...after];
}
