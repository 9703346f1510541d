import { VoltError } from '../kernel/errors.ts';

/** The address of a server, in the options of ioredis. */
export interface RedisAddress {
  host?: string;
  port?: number;
  /** of a socket on this machine */
  path?: string;
  sentinels?: { host: string; port: number }[];
  /** name of the master that the sentinels watch */
  name?: string;
  username?: string;
  password?: string;
  sentinelPassword?: string;
  db?: number;
  /** paths of PEM files: trusted authorities instead of the default ones, the client's certificate and its key */
  tls?: { ca?: string; cert?: string; key?: string };
}

/**
 * The address in one of the forms
 * `redis://[user:password@]host[:port][/db]`, `rediss://…[?ca=path][&cert=path&key=path]` (TLS), `redis+unix://[user:password@]/path[?db=n]` (a socket of
 * this machine) and `redis+sentinel://[user:password@]host:port[,host:port…]/<master name>[/db]`.
 * @throws VoltError `bad_url`
 */
export function parseRedisUrl(text: string): RedisAddress {
  const sentinel = /^redis\+sentinel:\/\/(?:([^@/]*)@)?([^/]+)\/([^/?]+)(?:\/(\d+))?$/.exec(text);
  try {
    const socket = /^redis\+unix:\/\/(?:([^@/]*)@)?(\/[^?]+)(?:\?db=(\d+))?$/.exec(text);
    const address = sentinel ? sentinelAddress(sentinel) : socket ? socketAddress(socket) : serverAddress(text);
    if (address) return address;
  } catch {
    // not a URL, or "%" in it without two hexadecimal digits
  }
  throw badUrl(text);
}

function serverAddress(text: string): RedisAddress | undefined {
  const url = new URL(text);
  if (!['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') return undefined;
  const database = url.pathname.replace(/^\//, '');
  if (!/^\d*$/.test(database)) return undefined;
  const options = new Map(url.searchParams);
  const tls = tlsOf(options);
  if (url.protocol === 'redis:' ? options.size > 0 : tls === undefined) return undefined;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    ...loginOf(`${url.username}:${url.password}`),
    ...(database === '' ? {} : { db: Number(database) }),
    ...(url.protocol === 'rediss:' && tls ? { tls } : {}),
  };
}

/** @returns undefined for an unknown option, or a certificate without its key */
function tlsOf(options: ReadonlyMap<string, string>): RedisAddress['tls'] {
  const known = [...options].every(([name, path]) => ['ca', 'cert', 'key'].includes(name) && path !== '');
  return known && options.has('cert') === options.has('key') ? Object.fromEntries(options) : undefined;
}

export function socketUrl(password: string, path: string): string {
  return `redis+unix://:${password}@${encodeURI(path).replaceAll('?', '%3F').replaceAll('#', '%23')}`;
}

function socketAddress([, login = '', path = '', db]: RegExpExecArray): RedisAddress {
  return { path: decodeURIComponent(path), ...loginOf(login), ...(db && { db: Number(db) }) };
}

function loginOf(login: string): Pick<RedisAddress, 'username' | 'password'> {
  const [, username = '', password = ''] = /^([^:]*):?(.*)$/s.exec(login) ?? [];
  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  };
}

function sentinelAddress([, login = '', hosts = '', name, db]: RegExpExecArray): RedisAddress | undefined {
  const user = loginOf(login);
  const sentinels = hosts.split(',').map((entry) => {
    const [, host = '', port = '26379'] = /^([^:]+)(?::(\d+))?$/.exec(entry) ?? [];
    return { host, port: Number(port) };
  });
  if (sentinels.some(({ host, port }) => host === '' || port > 65535)) return undefined;
  return {
    sentinels,
    name: name ?? '',
    ...user,
    ...(user.password && { sentinelPassword: user.password }),
    ...(db && { db: Number(db) }),
  };
}

function badUrl(text: string): VoltError {
  return new VoltError('bad_url', `"${withoutPassword(text)}" is not the address of a Redis server`, {
    remedy:
      'Write it as redis://:password@host:6379, rediss://…?ca=path&cert=path&key=path (all optional, cert and key only together) or redis+sentinel://host:26379,host:26379/name.',
  });
}

/** Whether the address has the main user of Redis, who has all rights. */
export function hasMainUser(url: string): boolean {
  return (parseRedisUrl(url).username ?? 'default') === 'default';
}

/** The address without its password, for people and logs. */
export function withoutPassword(url: string): string {
  // up to the last "@": an unescaped password may contain "@" and "/"
  return url.replace(/\/\/.*@/s, '//***@');
}
