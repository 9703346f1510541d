import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ListenOptions } from 'node:net';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { VoltError } from '../kernel/errors.ts';
import { toolEnvironment } from '../system/environment.ts';
import { readText } from '../system/read-text.ts';
import { runnerRules } from './acl.ts';
import { knowsReadOnlyKeys } from './server-facts.ts';
import { socketUrl } from './url.ts';

/** The addresses of the server that `volt up` starts. */
export interface EmbeddedPaths {
  /** for Volt's own processes on this machine */
  url: string;
  /** for runners on other machines, with their user; undefined where the server does not listen to them */
  runnerUrl: string | undefined;
  /** lines of its configuration */
  settings: string[];
  /** why it listens on a loopback port without a setting */
  notice: string | undefined;
}

/** Bytes of the longest path of a socket on Linux, see unix(7); Node silently cuts a longer one off. */
const longestPath = 107;

/** User of Redis for runners on other machines. */
const runnerUser = 'volt-runner';

/**
 * Chooses where the server listens: on a socket in the data directory, which only its owner can reach, and on a port if
 * VOLT_REDIS_BIND is set. A job cannot connect to a socket that it does not see. If the data directory cannot hold a socket (some
 * file systems; a path of more than 107 bytes), the socket is in a temporary folder of its own; if that fails, too, the
 * server listens on a loopback port. Port and passwords stay those of the last start if that port is free, so that
 * runners on other machines find the server again.
 * @param program path of the server's program
 * @throws VoltError `redis_failed`
 */
export async function embeddedPaths(config: Config, program: string): Promise<EmbeddedPaths> {
  const paths = dataPaths(config.dataDir);
  const lastUrl = readText(paths.redisUrl)?.trim() ?? '';
  const password = /:([0-9a-f]+)@/.exec(lastUrl)?.[1] ?? randomBytes(24).toString('hex');
  const lastRunner = /^redis:\/\/volt-runner:([0-9a-f]+)@.*:(\d+)$/.exec(readText(paths.runnerRedisUrl)?.trim() ?? '');
  const socket = await findSocket(paths.redis, lastUrl);
  const bind = config.redisBind ?? (socket ? undefined : '127.0.0.1');
  const lastPort = lastRunner?.[2] ?? /@127\.0\.0\.1:(\d+)$/.exec(lastUrl)?.[1];
  const port = bind === undefined ? 0 : await portOn(bind, Number(lastPort ?? 0), config.redisPort);
  const settings = [
    `port ${port}`,
    `requirepass ${password}`,
    ...(bind === undefined ? [] : [`bind ${bindAddresses(bind).join(' ')}`]),
    ...(socket ? [`unixsocket ${JSON.stringify(socket)}`, 'unixsocketperm 700'] : []),
  ];
  const local = {
    url: socket ? socketUrl(password, socket) : `redis://:${password}@127.0.0.1:${port}`,
    settings,
  };
  if (config.redisBind === undefined) {
    const notice = socket ? undefined : `cannot create a socket in ${paths.redis} or ${tmpdir()}`;
    return { ...local, runnerUrl: undefined, notice };
  }
  const runnerPassword = lastRunner?.[1] ?? randomBytes(24).toString('hex');
  const digest = createHash('sha256').update(runnerPassword).digest('hex');
  const rules = runnerRules(config.redisPrefix, knowsReadOnlyKeys({ version: versionOf(program) }));
  const host = /^(0\.0\.0\.0|::|\*)$/.test(config.redisBind) ? resolvableHost(config.host) : config.redisBind;
  return {
    ...local,
    runnerUrl: `redis://${runnerUser}:${runnerPassword}@${host.includes(':') ? `[${host}]` : host}:${port}`,
    settings: [...settings, `user ${runnerUser} reset on #${digest} ${rules.join(' ')}`],
    notice: undefined,
  };
}

/** Interfaces of containers and virtual machines on this machine. */
const internalLinks = /^(docker|br-|veth|virbr|podman|cni|lxc)/;

/** One of this machine's addresses instead of its short name, which other machines may not resolve. */
function resolvableHost(name: string): string {
  if (name !== hostname() || name.includes('.')) return name;
  const outside = Object.entries(networkInterfaces()).filter(([link]) => !internalLinks.test(link));
  const addresses = outside.flatMap(([, found]) => found ?? []).filter(({ internal }) => !internal);
  return addresses.find(({ family }) => family === 'IPv4')?.address ?? name;
}

/** Includes loopback, unless the wildcard covers it: the server cannot listen there twice. */
function bindAddresses(bind: string): string[] {
  return [...new Set(/^(0\.0\.0\.0|::|\*)$/.test(bind) ? [bind] : ['127.0.0.1', bind])];
}

/**
 * A temporary folder is used again after a restart, so that clients find the server there.
 * @returns the path; undefined where no socket can be created
 */
async function findSocket(folder: string, lastUrl: string): Promise<string | undefined> {
  const own = join(folder, 'redis.sock');
  // a socket that a server left would make the trial fail; the next server creates it again
  rmSync(own, { force: true });
  if (await holdsSocket(own)) return own;
  const temporary = lastTemporaryFolder(lastUrl) ?? mkdtempSync(join(tmpdir(), 'volt-redis-'));
  const path = join(temporary, 'redis.sock');
  rmSync(path, { force: true });
  if (await holdsSocket(path)) return path;
  rmSync(temporary, { recursive: true, force: true });
  return undefined;
}

async function holdsSocket(path: string): Promise<boolean> {
  return Buffer.byteLength(path) <= longestPath && (await listens({ path })) !== false;
}

/** The temporary folder of the last start, if it still exists and belongs to this user alone. */
function lastTemporaryFolder(lastUrl: string): string | undefined {
  const folder = /^redis\+unix:\/\/:[0-9a-f]+@(.*\/volt-redis-\w{6})\/redis\.sock$/.exec(lastUrl)?.[1];
  if (folder === undefined || dirname(folder) !== tmpdir()) return undefined;
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  const isOurs = stat?.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0;
  return isOurs ? folder : undefined;
}

/**
 * The wanted port if it is free, otherwise another one.
 * @param fixed the only port to try
 */
async function portOn(bind: string, wanted: number, fixed: number | undefined): Promise<number> {
  for (const port of fixed !== undefined ? [fixed] : wanted === 0 ? [0] : [wanted, 0]) {
    const free = await listens({ host: bind, port, exclusive: true });
    if (typeof free === 'number') return free;
  }
  const what = fixed === undefined ? 'no free port for Redis' : `Redis cannot listen on port ${fixed}`;
  throw new VoltError('redis_failed', `${what} on ${bind}`, {
    remedy:
      fixed === undefined
        ? 'Set VOLT_REDIS_BIND to an address of this machine.'
        : 'Free the port or set another VOLT_REDIS_PORT, and set VOLT_REDIS_BIND to an address of this machine.',
  });
}

/** @returns the port, true for a socket, false where listening fails */
function listens(where: ListenOptions): Promise<number | boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(where, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound ? bound.port : true));
    });
  });
}

/** Valkey started from Redis 7.2. */
function versionOf(program: string): string {
  const output = execFileSync(program, ['--version'], { encoding: 'utf8', env: toolEnvironment(), timeout: 10_000 });
  return /v=(\d+\.\d+)/.exec(output)?.[1] ?? '7.2';
}
