import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type ListenOptions } from 'node:net';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { VoltError } from '../kernel/errors.ts';
import { toolEnvironment } from '../system/environment.ts';
import { runnerRules } from './acl.ts';
import { knowsReadOnlyKeys } from './server.ts';
import { socketUrl } from './url.ts';

/** Where the server of a `volt up` is reached. */
export interface EmbeddedPaths {
  /** for Volt's own processes on this machine */
  url: string;
  /** for runners on other machines, with their rights; undefined where the server does not listen to those */
  runnerUrl: string | undefined;
  /** lines of its configuration */
  settings: string[];
  /** why it listens on a port of loopback, though nobody has asked for that */
  notice: string | undefined;
}

/** Bytes of the longest path that a socket may have on Linux, unix(7); Node cuts a longer one off without a word. */
const longestPath = 107;

/** User of Redis for runners on other machines. */
const runnerUser = 'volt-runner';

/**
 * Where the server is to listen: on a socket in the data directory, which only its owner reaches, and on a port where
 * VOLT_REDIS_BIND says so. A job cannot take the connections of a socket that it does not see. Where there can be no socket
 * in the data directory, as on some file systems or where its path is longer than the 107 bytes that one may have, it is in
 * a folder of its own for temporary files; where there cannot be one either, on a port of loopback.
 * Port and passwords are those of the last start where that port is still free, so that runners elsewhere find it again.
 * @param program the server's
 * @throws VoltError `redis_failed`
 */
export async function embeddedPaths(config: Config, program: string): Promise<EmbeddedPaths> {
  const paths = dataPaths(config.dataDir);
  const former = read(paths.redisUrl);
  const password = /:([0-9a-f]+)@/.exec(former)?.[1] ?? randomBytes(24).toString('hex');
  const formerRunner = /^redis:\/\/volt-runner:([0-9a-f]+)@.*:(\d+)$/.exec(read(paths.runnerRedisUrl));
  const socket = await findSocket(paths.redis, former);
  const bind = config.redisBind ?? (socket ? undefined : '127.0.0.1');
  const formerPort = formerRunner?.[2] ?? /@127\.0\.0\.1:(\d+)$/.exec(former)?.[1];
  const port = bind === undefined ? 0 : await portOn(bind, Number(formerPort ?? 0), config.redisPort);
  const settings = [
    `port ${port}`,
    `requirepass ${password}`,
    ...(bind === undefined ? [] : [`bind ${bindAddresses(bind).join(' ')}`]),
    ...(socket ? [`unixsocket ${JSON.stringify(socket)}`, 'unixsocketperm 700'] : []),
  ];
  const place = {
    url: socket ? socketUrl(password, socket) : `redis://:${password}@127.0.0.1:${port}`,
    settings,
  };
  if (config.redisBind === undefined) {
    const notice = socket ? undefined : `no socket can be made in ${paths.redis} or ${tmpdir()}`;
    return { ...place, runnerUrl: undefined, notice };
  }
  const runnerPassword = formerRunner?.[1] ?? randomBytes(24).toString('hex');
  const digest = createHash('sha256').update(runnerPassword).digest('hex');
  const rules = runnerRules(config.redisPrefix, knowsReadOnlyKeys({ version: versionOf(program) }));
  const host = /^(0\.0\.0\.0|::|\*)$/.test(config.redisBind) ? resolvableHost(config.host) : config.redisBind;
  return {
    ...place,
    runnerUrl: `redis://${runnerUser}:${runnerPassword}@${host.includes(':') ? `[${host}]` : host}:${port}`,
    settings: [...settings, `user ${runnerUser} reset on #${digest} ${rules.join(' ')}`],
    notice: undefined,
  };
}

/** Networks of containers and virtual machines on this machine, where no other machine is. */
const inside = /^(docker|br-|veth|virbr|podman|cni|lxc)/;

/** A short name that nobody has chosen may be known to this machine alone: then one of its addresses. */
function resolvableHost(name: string): string {
  if (name !== hostname() || name.includes('.')) return name;
  const outside = Object.entries(networkInterfaces()).filter(([link]) => !inside.test(link));
  const addresses = outside.flatMap(([, found]) => found ?? []).filter(({ internal }) => !internal);
  return addresses.find(({ family }) => family === 'IPv4')?.address ?? name;
}

/** Loopback is always among them; a wildcard stands for itself, since the server cannot listen there twice. */
function bindAddresses(bind: string): string[] {
  return [...new Set(/^(0\.0\.0\.0|::|\*)$/.test(bind) ? [bind] : ['127.0.0.1', bind])];
}

/**
 * A folder aside stays, so that whoever waits for the server finds it there when it is started again.
 * @returns the path; undefined where no socket can be made
 */
async function findSocket(folder: string, former: string): Promise<string | undefined> {
  const own = join(folder, 'redis.sock');
  // one that a server has left is in the way of the trial, and the next one makes it anew
  rmSync(own, { force: true });
  if (await holdsSocket(own)) return own;
  const aside = folderAside(former) ?? mkdtempSync(join(tmpdir(), 'volt-redis-'));
  const path = join(aside, 'redis.sock');
  rmSync(path, { force: true });
  if (await holdsSocket(path)) return path;
  rmSync(aside, { recursive: true, force: true });
  return undefined;
}

async function holdsSocket(path: string): Promise<boolean> {
  return Buffer.byteLength(path) <= longestPath && (await listens({ path })) !== false;
}

/** The folder of the last start, where a killed one has left it and nobody else can have made it. */
function folderAside(former: string): string | undefined {
  const folder = /^redis\+unix:\/\/:[0-9a-f]+@(.*\/volt-redis-\w{6})\/redis\.sock$/.exec(former)?.[1];
  if (folder === undefined || dirname(folder) !== tmpdir()) return undefined;
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  const isOurs = stat?.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0;
  return isOurs ? folder : undefined;
}

/**
 * The port where it can be listened on, else a free one.
 * @param fixed no other one will do
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

/** @returns the port that it was, true for a socket, false where nobody can listen there */
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

/** Valkey began with what Redis 7.2 had. */
function versionOf(program: string): string {
  const said = execFileSync(program, ['--version'], { encoding: 'utf8', env: toolEnvironment(), timeout: 10_000 });
  return /v=(\d+\.\d+)/.exec(said)?.[1] ?? '7.2';
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
}
