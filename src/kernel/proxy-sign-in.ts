import { BlockList, isIP, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** The proxies that may tell who a person is, and how they do. */
export interface SignInProxy {
  /** its name as a provider */
  name: string;
  /** addresses that it connects from */
  networks: BlockList;
  headers: ProxyHeaders;
}

/** The headers in which a proxy tells who a person is. */
export interface ProxyHeaders {
  /** lower case; names of headers that a proxy may leave out can be undefined */
  user: string;
  groups?: string | undefined;
  name?: string | undefined;
  email?: string | undefined;
  /** what stands between two groups */
  separator: string;
}

/**
 * The headers of well-known proxies. authelia.com/integration/trusted-header-sso, docs.goauthentik.io/add-secure-apps/providers/proxy,
 * oauth2-proxy.github.io/oauth2-proxy/configuration/overview (`--pass-user-headers`).
 */
const known: Readonly<Record<string, ProxyHeaders>> = {
  authelia: {
    user: 'remote-user',
    groups: 'remote-groups',
    name: 'remote-name',
    email: 'remote-email',
    separator: ',',
  },
  authentik: {
    user: 'x-authentik-username',
    groups: 'x-authentik-groups',
    name: 'x-authentik-name',
    email: 'x-authentik-email',
    separator: '|',
  },
  'oauth2-proxy': {
    user: 'x-forwarded-user',
    groups: 'x-forwarded-groups',
    name: 'x-forwarded-preferred-username',
    email: 'x-forwarded-email',
    separator: ',',
  },
};

/** The proxy of checked settings; undefined if they name none. */
export function signInProxyOf(config: {
  proxySignIn?: string | undefined;
  proxyHeaders: string;
  proxyName: string;
}): SignInProxy | undefined {
  const networks = config.proxySignIn === undefined ? undefined : parseNetworks(config.proxySignIn);
  const headers = parseProxyHeaders(config.proxyHeaders);
  return networks && headers && { name: config.proxyName, networks, headers };
}

/** Headers with a meaning of their own, which nobody may name: Volt removes the headers that it takes people from. */
const reserved =
  /^(accept.*|authorization|connection|content-.*|cookie|forwarded|host|if-.*|last-event-id|origin|range|referer|sec-.*|transfer-encoding|upgrade|via|x-forwarded-(for|host|port|proto)|x-real-ip|.*-signature.*)$/;

/** @returns undefined unless the text is the name of a known proxy, or such as `user=X-User,groups=X-Groups` */
export function parseProxyHeaders(text: string): ProxyHeaders | undefined {
  if (Object.hasOwn(known, text)) return known[text];
  const names = new Map<string, string>();
  for (const part of text.split(',')) {
    const [, what, name] = /^\s*(user|groups|name|email)=([a-z0-9][a-z0-9-]{0,63})\s*$/i.exec(part) ?? [];
    if (!what || !name || names.has(what) || reserved.test(name.toLowerCase())) return undefined;
    names.set(what, name.toLowerCase());
  }
  const user = names.get('user');
  if (user === undefined || new Set(names.values()).size < names.size) return undefined;
  return { user, groups: names.get('groups'), name: names.get('name'), email: names.get('email'), separator: ',' };
}

/**
 * The networks of a comma-separated list such as `10.0.0.7,10.1.0.0/16,fd00::/8`.
 * @returns undefined if it is no such list. A network of all addresses is none: everybody could claim to be anybody.
 */
export function parseNetworks(text: string): BlockList | undefined {
  const networks = new BlockList();
  for (const part of text.split(',')) {
    const [, address = '', bits] = /^\s*([0-9a-f.:]+)(?:\/(\d{1,3}))?\s*$/i.exec(part) ?? [];
    const family = isIP(address);
    const all = family === 4 ? 32 : 128;
    const prefix = Number(bits ?? all);
    // the other notation of an IPv4 address; senders are compared in the usual one
    if (family === 0 || prefix < 1 || prefix > all || /^::ffff:/i.test(address)) return undefined;
    networks.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
  return networks;
}

/** @param address of a socket, which may be an IPv4 address in the notation of IPv6, or have a zone */
export function isWithin(networks: BlockList, address: string): boolean {
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/%.*$/, '');
  return isIP(plain) !== 0 && networks.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
}

/** What it means if `trustsThisMachine`, and jobs have the network of the machine. */
export const jobsCanBeAnybody = {
  code: 'proxy_on_machine',
  message:
    'VOLT_PROXY_SIGN_IN believes an address of this machine, whose network jobs have: a job can pass for any person',
  remedy:
    'Isolate jobs (VOLT_ISOLATION=sandbox, see docs/isolation.md), or put the proxy on a machine without jobs and name only its address.',
} as const;

/** Whether programs that have the network of this machine can tell Volt who a person is, as a proxy does. */
export function trustsThisMachine({ proxySignIn }: { proxySignIn?: string | undefined }): boolean {
  const networks = proxySignIn === undefined ? undefined : parseNetworks(proxySignIn);
  if (!networks) return false;
  const own = Object.values(networkInterfaces()).flatMap((links = []) => links.map(({ address }) => address));
  // a machine has all addresses that begin so
  return /(^|,)\s*127\./.test(proxySignIn ?? '') || own.some((address) => isWithin(networks, address));
}
