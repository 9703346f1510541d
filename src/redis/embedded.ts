import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { toolEnvironment } from '../system/environment.ts';
import { readText } from '../system/read-text.ts';
import { foldersOn, programIn } from '../system/search-path.ts';
import { pause } from '../system/wait.ts';
import { moveBrokenFile } from './broken-append-file.ts';
import { embeddedPaths } from './embedded-paths.ts';
import {
  endUnsupervised,
  outlivesSupervisor,
  serverIn,
  shutdownTimeout,
  waitForEarlierServer,
} from './server-process.ts';

/**
 * A private server. Its states:
 * `supervised`: the supervisor runs, and ends when the server ends → `ended`;
 * `supervised` → (somebody kills only the supervisor) `unsupervised`: the server runs on, and Volt starts no other one; it still
 * ends with Volt → `ended`;
 * `ended` → `supervised`: Volt starts the server again, unless Volt is stopping.
 */
export interface EmbeddedRedis {
  url: string;
  /** Resolves when the server has written its data and ended. */
  stop(): Promise<void>;
}

/**
 * Runs the server in its own session, where Ctrl-C does not reach it, and ends it cleanly when the pipe on descriptor 3
 * closes, as it does when Volt ends or is killed.
 */
const supervisor = `
"$@" 3<&- & server=$!
{ read -r _ <&3; kill -TERM "$server"; } & watch=$!
exec 3<&-
wait "$server"; code=$?
kill "$watch" 2>/dev/null
exit "$code"`;

/**
 * Starts a private server in the data directory, with a password and an append-only file, on the addresses of `embeddedPaths`.
 * Starts it again when it ends by itself, empty if it cannot read that file. The caller holds the lock of the data directory.
 * @throws VoltError `redis_missing` or `redis_failed`
 */
export async function startEmbeddedRedis(config: Config, logger: Logger): Promise<EmbeddedRedis> {
  const paths = dataPaths(config.dataDir);
  mkdirSync(paths.redis, { recursive: true, mode: 0o700 });
  const program = findRedisServer();
  await waitForEarlierServer(paths.redis);
  const addresses = await embeddedPaths(config, program);
  const { url, runnerUrl } = addresses;
  if (addresses.notice !== undefined) logger.warn(`the embedded Redis listens on a loopback port: ${addresses.notice}`);
  writeFileSync(join(paths.redis, 'redis.conf'), serverSettings(paths.redis, addresses.settings), { mode: 0o600 });
  writeFileSync(paths.redisUrl, `${url}\n`, { mode: 0o600 });
  if (runnerUrl !== undefined) writeFileSync(paths.runnerRedisUrl, `${runnerUrl}\n`, { mode: 0o600 });
  else rmSync(paths.runnerRedisUrl, { force: true });

  let stopping = false;
  let child: ChildProcess;
  let ended: Promise<void>;
  const run = () => {
    child = spawn('sh', ['-c', supervisor, 'volt-redis', program, join(paths.redis, 'redis.conf')], {
      cwd: paths.redis,
      detached: true,
      env: toolEnvironment(),
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    // the pipe and the child must not keep the process of Volt alive
    child.unref();
    ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    const startedAt = Date.now();
    void ended.then(async () => {
      if (await outlivesSupervisor(paths.redis, logger, () => stopping)) child.stdio[3]?.destroy();
      if (stopping) return;
      const line = readText(join(paths.redis, 'redis.log'))?.trimEnd().split('\n').at(-1) ?? 'it has no log';
      const moved = moveBrokenFile(paths.redis, line);
      if (moved === undefined) logger.warn(`the embedded Redis ended unexpectedly; starting it again: ${line}`);
      else
        logger.warn(
          `the embedded Redis starts empty: it cannot read its append-only file, for example after a power cut. The file is now ${moved}. Volt sends queued jobs again from the database.`,
        );
      // a server that cannot run must not restart in a tight loop
      await pause(Date.now() - startedAt < 2000 ? 1000 : 100);
      if (!stopping) run();
    });
  };
  run();
  return {
    url,
    stop: async () => {
      stopping = true;
      // while it ends there is no file any more with its id
      const running = serverIn(paths.redis);
      child.stdio[3]?.destroy();
      child.ref();
      await ended;
      const server = running ?? serverIn(paths.redis);
      if (server !== undefined) await endUnsupervised(server, paths.redis);
    },
  };
}

/** Settings that Redis from 6.2 and Valkey know. */
function serverSettings(dir: string, listening: string[]): string {
  return [
    ...listening,
    `dir ${JSON.stringify(dir)}`,
    'pidfile redis.pid',
    'logfile redis.log',
    'daemonize no',
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    `shutdown-timeout ${shutdownTimeout}`,
    // half of the default: an idle server uses the processor for little else
    'hz 5',
    '',
  ].join('\n');
}

/** @throws VoltError `redis_missing` */
export function findRedisServer(): string {
  const usual = ['/usr/local/bin', '/usr/bin', '/usr/local/sbin', '/usr/sbin'];
  const folders = [...foldersOn(toolEnvironment().PATH ?? ''), ...usual];
  const found = programIn(folders, 'redis-server') ?? programIn(folders, 'valkey-server');
  if (found !== undefined) return found;
  throw new VoltError('redis_missing', 'redis-server or valkey-server is not installed', {
    remedy: 'Install one (Debian, Ubuntu: apt-get install redis-server), or set VOLT_REDIS_URL.',
  });
}
