import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { VoltError } from './errors.ts';
import { type AttemptRef, attemptName, buildIdOf } from './model.ts';

/** Where the settings come from; this file is the only one that reads the environment. */
const environment = process.env;

/**
 * Every setting that the environment may carry. `.env.example` says the same for people, and a test keeps both equal.
 * A command's own flag, where there is one, goes before the environment.
 */
export const settings = [
  { env: 'VOLT_REDIS_URL', key: 'redisUrl', schema: z.string().optional() },
  { env: 'VOLT_REDIS_BIND', key: 'redisBind', schema: z.string().default('127.0.0.1') },
  {
    env: 'VOLT_REDIS_PREFIX',
    key: 'redisPrefix',
    schema: z
      .string()
      .regex(/^[a-z0-9-]{1,32}$/)
      .default('volt'),
  },
  { env: 'VOLT_DATABASE_URL', key: 'databaseUrl', schema: z.string().optional() },
  { env: 'VOLT_DATA_DIR', key: 'dataDir', schema: z.string().default('.volt') },
  { env: 'VOLT_HTTP_HOST', key: 'httpHost', schema: z.string().default('127.0.0.1') },
  { env: 'VOLT_HTTP_PORT', key: 'httpPort', schema: z.coerce.number().int().min(0).max(65535).default(8420) },
  { env: 'VOLT_URL', key: 'url', schema: z.url().optional() },
  { env: 'VOLT_TOKEN', key: 'token', schema: z.string().min(16).optional() },
  { env: 'VOLT_LOG_LEVEL', key: 'logLevel', schema: z.enum(['error', 'warn', 'info', 'debug']).default('info') },
  { env: 'VOLT_ISOLATION', key: 'isolation', schema: z.enum(['auto', 'none', 'user', 'sandbox']).default('auto') },
  { env: 'VOLT_JOB_TIMEOUT', key: 'jobTimeout', schema: z.coerce.number().positive().max(35_000).default(60) },
  { env: 'VOLT_LOG_LIMIT', key: 'logLimit', schema: z.coerce.number().int().min(1).max(4096).default(256) },
  { env: 'VOLT_BACKLOG', key: 'backlog', schema: z.coerce.number().int().min(1).max(100_000).default(1000) },
  { env: 'VOLT_SECRETS_KEY_FILE', key: 'secretsKeyFile', schema: z.string().optional() },
  { env: 'VOLT_ORPHAN_TIMEOUT', key: 'orphanTimeout', schema: z.coerce.number().positive().default(600) },
] as const;

type Setting = (typeof settings)[number];
type Values = { [S in Setting as S['key']]: z.output<S['schema']> };

export interface Config extends Values {
  /** absolute path */
  dataDir: string;
  /** the machine's name, as in `host:` labels */
  host: string;
}

/** What commands pass on from their flags; each goes before the environment. */
export type Overrides = { [K in keyof Values]?: Values[K] | undefined };

/**
 * Reads the settings.
 * @param overrides go before the environment
 * @param defaults hold where neither says anything, instead of the usual default
 * @throws VoltError `bad_setting` naming the variable and what it may be
 */
export function loadConfig(overrides: Overrides = {}, defaults: Overrides = {}): Config {
  const values: Record<string, unknown> = {};
  for (const { env, key, schema } of settings) {
    const given = overrides[key] ?? (environment[env] || defaults[key]);
    const parsed = schema.safeParse(given);
    if (!parsed.success) {
      throw new VoltError(
        'bad_setting',
        `${env} is "${String(given)}": ${parsed.error.issues[0]?.message ?? 'not valid'}`,
        {
          remedy: `Correct ${env}, or leave it unset for its default; .env.example tells what it may be.`,
        },
      );
    }
    values[key] = parsed.data;
  }
  const config = values as unknown as Values;
  return { ...config, dataDir: resolve(config.dataDir), host: hostname() };
}

const common = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'],
  ...['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'],
] as const;
const credentials = ['SSH_AUTH_SOCK', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'SSL_CERT_FILE', 'SSL_CERT_DIR'] as const;
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The environment that a job's commands start from: the machine's search path, language and home, and nothing of
 * Volt's own; a job's code is not trusted with it.
 */
export function jobEnvironment(): Record<string, string> {
  return { PATH: searchPath, HOME: home(), ...inherited(common), CI: 'true' };
}

/** The environment for programs of Volt's own: git with the user's configuration and keys, and the embedded Redis. */
export function toolEnvironment(): Record<string, string> {
  return { PATH: searchPath, HOME: home(), ...inherited([...common, ...credentials]) };
}

/** A user without an entry in the passwd file, as in many containers, has no home. */
function home(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

function inherited(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));
}

/** Archive of one attempt's log. */
export function logFile(dataDir: string, ref: AttemptRef): string {
  return join(dataPaths(dataDir).logs, buildIdOf(ref.job), `${attemptName(ref)}.log`);
}

/** Places inside the data directory. */
export function dataPaths(dataDir: string) {
  return {
    root: dataDir,
    record: join(dataDir, 'volt.db'),
    lock: join(dataDir, 'up.lock'),
    token: join(dataDir, 'token'),
    secretsKey: join(dataDir, 'secrets.key'),
    webUrl: join(dataDir, 'web.url'),
    redis: join(dataDir, 'redis'),
    redisUrl: join(dataDir, 'redis', 'url'),
    mirrors: join(dataDir, 'mirrors'),
    work: join(dataDir, 'work'),
    logs: join(dataDir, 'logs'),
    testResults: join(dataDir, 'test_results'),
    sample: join(dataDir, 'sample'),
  } as const;
}
