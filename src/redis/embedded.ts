import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { toolEnvironment } from '../system/environment.ts';
import { pause } from '../system/wait.ts';
import { moveBrokenFile } from './broken-append-file.ts';
import { embeddedPaths } from './embedded-paths.ts';
import { endUnkept, outlivesSupervisor, shutdownTimeout, waitForFormer } from './server-process.ts';

/**
 * A private server. Its states:
 * `kept`: the supervisor lives, and ends when the server does → `gone`;
 * `kept` → (only the supervisor is killed) `unkept`: the server lives on, and nothing is started beside it; it still ends
 * when Volt does → (it ends) `gone`;
 * `gone` → `kept`: it is started again, unless Volt is stopping.
 */
export interface EmbeddedRedis {
  url: string;
  /** Resolves when the server has written everything and ended. */
  stop(): Promise<void>;
}

/**
 * Keeps the server in a session of its own, out of reach of Ctrl-C, and ends it cleanly when the pipe on descriptor 3
 * closes, which it does when Volt ends in whatever way.
 */
const supervisor = `
"$@" 3<&- & server=$!
{ read -r _ <&3; kill -TERM "$server"; } & watch=$!
exec 3<&-
wait "$server"; code=$?
kill "$watch" 2>/dev/null
exit "$code"`;

/**
 * Starts a private server in the data directory, on a socket there and where VOLT_REDIS_BIND says so on a port that it keeps
 * for later starts, with a password and an append-only file. It is started again when it ends by itself, empty where it cannot read that file. The caller holds the lock on the data directory.
 * @throws VoltError `redis_missing` or `redis_failed`
 */
export async function startEmbeddedRedis(config: Config, logger: Logger): Promise<EmbeddedRedis> {
  const paths = dataPaths(config.dataDir);
  mkdirSync(paths.redis, { recursive: true, mode: 0o700 });
  const program = findRedisServer();
  await waitForFormer(paths.redis);
  const place = await embeddedPaths(config, program);
  const { url, runnerUrl } = place;
  if (place.notice !== undefined) logger.warn(`the embedded Redis listens on a port of loopback: ${place.notice}`);
  writeFileSync(join(paths.redis, 'redis.conf'), serverSettings(paths.redis, place.settings), { mode: 0o600 });
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
    // the pipe and the child must not keep a finished Volt alive
    child.unref();
    ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    const startedAt = Date.now();
    void ended.then(async () => {
      if (await outlivesSupervisor(paths.redis, logger, () => stopping)) child.stdio[3]?.destroy();
      if (stopping) return;
      const said = lastLine(join(paths.redis, 'redis.log'));
      const aside = moveBrokenFile(paths.redis, said);
      if (aside === undefined) logger.warn(`the embedded Redis has ended by itself; starting it again: ${said}`);
      else
        logger.warn(
          `the embedded Redis begins empty, since it cannot read its append-only file, as may be after a power cut; the file is now ${aside}. What is queued is sent again from the record.`,
        );
      // one that cannot run is not to be started in a tight loop
      await pause(Date.now() - startedAt < 2000 ? 1000 : 100);
      if (!stopping) run();
    });
  };
  run();
  return {
    url,
    stop: async () => {
      stopping = true;
      child.stdio[3]?.destroy();
      child.ref();
      await ended;
      await endUnkept(paths.redis);
    },
  };
}

function lastLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  } catch {
    return 'it has left no log';
  }
}

/** Settings are those of Redis 6.2 and newer and of Valkey. */
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
    // half of Redis's own: a server that rests uses its processor for little else
    'hz 5',
    '',
  ].join('\n');
}

/** @throws VoltError `redis_missing` */
export function findRedisServer(): string {
  const folders = [
    ...(toolEnvironment().PATH ?? '').split(delimiter),
    '/usr/local/bin',
    '/usr/bin',
    '/usr/local/sbin',
    '/usr/sbin',
  ];
  for (const name of ['redis-server', 'valkey-server']) {
    for (const folder of folders.filter((entry) => entry !== '')) {
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // not here
      }
    }
  }
  throw new VoltError('redis_missing', 'there is no redis-server or valkey-server on this machine', {
    remedy: 'Install one (Debian, Ubuntu: apt-get install redis-server), or set VOLT_REDIS_URL.',
  });
}
