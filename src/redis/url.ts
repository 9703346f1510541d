import { VoltError } from '../kernel/errors.ts';

/** Where a server is, in the words of ioredis. */
export interface RedisAddress {
  host?: string;
  port?: number;
  sentinels?: { host: string; port: number }[];
  /** of the master that the sentinels watch */
  name?: string;
  username?: string;
  password?: string;
  sentinelPassword?: string;
  db?: number;
  tls?: Record<string, never>;
}

/**
 * The address in one of the forms
 * `redis://[user:password@]host[:port][/db]`, `rediss://…` (TLS) and
 * `redis+sentinel://[user:password@]host:port[,host:port…]/<master name>[/db]`.
 * @throws VoltError `bad_url`
 */
export function parseRedisUrl(text: string): RedisAddress {
  const sentinel = /^redis\+sentinel:\/\/(?:([^@/]*)@)?([^/]+)\/([^/]+)(?:\/(\d+))?$/.exec(text);
  if (sentinel) return sentinelOptions(sentinel);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw badUrl(text);
  }
  if (!['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') throw badUrl(text);
  const database = url.pathname.replace(/^\//, '');
  if (!/^\d*$/.test(database)) throw badUrl(text);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
    ...(url.password ? { password: decodeURIComponent(url.password) } : {}),
    ...(database === '' ? {} : { db: Number(database) }),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

function sentinelOptions([, login, hosts, name, db]: RegExpExecArray): RedisAddress {
  const [username, password] = (login ?? '').split(':').map(decodeURIComponent);
  return {
    sentinels: (hosts ?? '').split(',').map((entry) => {
      const [host, port] = entry.split(':');
      return { host: host || '127.0.0.1', port: port ? Number(port) : 26379 };
    }),
    name: name ?? '',
    ...(username ? { username } : {}),
    ...(password ? { password, sentinelPassword: password } : {}),
    ...(db ? { db: Number(db) } : {}),
  };
}

function badUrl(text: string): VoltError {
  return new VoltError('bad_url', `"${withoutPassword(text)}" is not the address of a Redis server`, {
    remedy: 'Write it as redis://:password@host:6379, rediss://… or redis+sentinel://host:26379,host:26379/name.',
  });
}

/** The address as it may be shown and logged. */
export function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//***@');
}
