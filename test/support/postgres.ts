import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './redis.ts';
import { until } from './until.ts';

const user = 'volt';
const password = 'a/pass@word%';

export interface TestPostgres {
  port: number;
  /** folder of its Unix socket */
  socket: string;
  /**
   * @param template a database to copy
   * @returns the address of a new database; the user in the address owns it
   */
  database(name: string, template?: string): Promise<string>;
  /** A connection as the server's superuser. */
  session(database: string): Promise<pg.Client>;
  /** Runs a statement as the server's superuser. */
  run(statement: string, database?: string): Promise<pg.QueryResult>;
  /** Kills the server; `start` brings it back with its data. */
  kill(): Promise<void>;
  /** Stops the server in order: it closes connections and rolls back open transactions. */
  shutdown(): Promise<void>;
  /** Freezes the server, with its connections open. */
  freeze(): void;
  thaw(): void;
  /** @param settings further settings, as name=value */
  start(settings?: string[]): Promise<void>;
  /** Stops the server and deletes its data. */
  stop(): Promise<void>;
}

/** Whether PostgreSQL is installed. */
export function hasPostgres(): boolean {
  return programs() !== undefined;
}

/** A PostgreSQL server for the test, on a free port and in a folder of its own. */
export async function startPostgres(): Promise<TestPostgres> {
  const bin = programs();
  if (bin === undefined) throw new Error('there is no PostgreSQL server on this machine');
  const folder = mkdtempSync(join(tmpdir(), 'volt-postgres-'));
  const owner = otherUser();
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  // the superuser connects through the socket; all others need a password
  execFileSync(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      '--auth-local=trust',
      '--auth-host=scram-sha-256',
      '--no-sync',
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
    ],
    { ...owner, cwd: folder, stdio: 'pipe' },
  );
  const port = await freePort();
  let server: ChildProcess;
  let said = '';
  const start: TestPostgres['start'] = async (settings = []) => {
    const fixed = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${folder}`,
      'max_connections=200',
    ];
    // tests do not crash the machine, and fsync would take much longer
    const fast = ['fsync=off', 'shared_buffers=32MB', 'autovacuum_naptime=10s'];
    const args = [...fixed, ...fast, ...settings].flatMap((setting) => ['-c', setting]);
    // stops in order when the test run dies
    server = spawn('setpriv', ['--pdeathsig', 'INT', join(bin, 'postgres'), '-D', data, ...args], {
      ...owner,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    said = '';
    server.stderr?.on('data', (chunk) => {
      said = (said + chunk).slice(-20_000);
    });
    await until(
      `PostgreSQL accepts connections; it said: ${said}`,
      () => /ready to accept connections/.test(said) || server.exitCode !== null,
    );
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended: ${said}`);
  };
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGCONT');
    server.kill(signal);
    await once(server, 'exit');
  };
  const session: TestPostgres['session'] = async (database) => {
    const client = new pg.Client({ host: folder, port, user: 'postgres', database });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const run: TestPostgres['run'] = async (statement, database = 'postgres') => {
    const client = await session(database);
    try {
      return await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await start();
  await run(`create role ${user} login password '${password}'`);
  return {
    port,
    socket: folder,
    session,
    database: async (name, template = 'template1') => {
      await run(`create database "${name}" owner ${user} template ${template}`);
      return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${name}`;
    },
    run,
    start,
    kill: async () => {
      // its processes notice that it is gone and end
      await end('SIGQUIT');
    },
    shutdown: () => end('SIGINT'),
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    stop: async () => {
      await end('SIGQUIT');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Folder of the newest installed server; Debian keeps each version apart and off the search path. */
function programs(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...(process.env.PATH ?? '').split(':')];
  return folders.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))));
}

/** The user that its package creates, because the server refuses to run as root. */
function otherUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = ['-u', '-g'].map((of) => Number(execFileSync('id', [of, 'postgres'], { encoding: 'utf8' })));
  return { uid: uid as number, gid: gid as number };
}
