import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { errorText, VoltError } from '../kernel/errors.ts';

/** The address of a PostgreSQL database, as options of pg. */
export interface PostgresAddress {
  host: string;
  port: number;
  user: string | undefined;
  /** without one, pg reads ~/.pgpass */
  password: string | undefined;
  database: string;
  ssl: ConnectionOptions | false;
}

const options = ['host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const;
type Options = { [name in (typeof options)[number]]?: string };

const sslModes = ['disable', 'require', 'verify-ca', 'verify-full'];

/**
 * The address in the form `postgres://[user[:password]@]host[:port]/database[?option=value&...]`. The options are
 * libpq's: `host` for the folder of a Unix socket, `sslmode`, `sslrootcert`, `sslcert`, `sslkey`.
 * @throws VoltError `bad_setting`; its message never contains the password
 */
export function parsePostgresUrl(text: string): PostgresAddress {
  const url = parsed(text);
  const given: Options = {};
  for (const [name, value] of url.searchParams) {
    if (!options.includes(name as keyof Options)) {
      throw refused(`the option "${name}", which is none of ${options.join(', ')}`);
    }
    given[name as keyof Options] = value;
  }
  const database = decoded(url.pathname.slice(1));
  if (database === '' || database.includes('/')) throw refused('no name of a database');
  const host = given.host ?? decoded(url.hostname.replace(/^\[|\]$/g, ''));
  if (host === '') throw refused('no host');
  return {
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    user: url.username === '' ? undefined : decoded(url.username),
    password: url.password === '' ? undefined : decoded(url.password),
    database,
    ssl: tlsOf(given),
  };
}

/** The database as it may be shown: without user and password. */
export function shownAddress({ host, port, database }: PostgresAddress): string {
  return `${database} at ${host.startsWith('/') ? host : host.includes(':') ? `[${host}]` : host}:${port}`;
}

function parsed(text: string): URL {
  try {
    // the class URL parses the rest as for http only if the scheme has a host
    return new URL(text.replace(/^postgres(ql)?:\/\/(?=[/?]|$)/, 'postgres://localhost'));
  } catch {
    throw refused('no address; characters such as "@", "/" and "%" of a password are written as %40, %2F and %25');
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refused('a "%" without two hexadecimal digits; "%" itself is written as %25');
  }
}

function tlsOf({ sslmode = 'disable', sslrootcert, sslcert, sslkey }: Options): ConnectionOptions | false {
  if (!sslModes.includes(sslmode)) throw refused(`sslmode=${sslmode}, which is none of ${sslModes.join(', ')}`);
  if (sslmode === 'disable') return false;
  return {
    ...(sslrootcert === undefined ? {} : { ca: fileOf('sslrootcert', sslrootcert) }),
    ...(sslcert === undefined ? {} : { cert: fileOf('sslcert', sslcert) }),
    ...(sslkey === undefined ? {} : { key: fileOf('sslkey', sslkey) }),
    // as in libpq: encrypted, without verifying the server
    rejectUnauthorized: sslmode !== 'require',
    ...(sslmode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}

function fileOf(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw refused(`${option}=${path}, which cannot be read: ${errorText(error)}`);
  }
}

function refused(what: string): VoltError {
  return new VoltError('bad_setting', `VOLT_DATABASE_URL has ${what}`, {
    remedy: 'Write it as postgres://user:password@host:5432/database?sslmode=verify-full; see docs/configuration.md.',
  });
}
