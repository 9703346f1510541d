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
   * @param template a database that the new one is a copy of
   * @returns the address of a new database, whose owner is the user in it
   */
  database(name: string, template?: string): Promise<string>;
  /** A connection as the server's superuser. */
  session(database: string): Promise<pg.Client>;
  /** Runs a statement as the server's superuser. */
  run(statement: string, database?: string): Promise<pg.QueryResult>;
  /** Ends the server at once, as a crash would. */
  kill(): Promise<void>;
  /** Ends the server in order: connections are closed, what they were at is rolled back. */
  shutdown(): Promise<void>;
  /** Keeps the server from answering, with its connections open. */
  freeze(): void;
  thaw(): void;
  /** @param settings further ones, as name=value */
  start(settings?: string[]): Promise<void>;
  /** Ends the server and takes away all that it had. */
  stop(): Promise<void>;
}

/** Whether there is a server to start. */
export function hasPostgres(): boolean {
  return programs() !== undefined;
}

/** A PostgreSQL server of the test's own, on a free port and in a folder of its own. */
export async function startPostgres(): Promise<TestPostgres> {
  const bin = programs();
  if (bin === undefined) throw new Error('there is no PostgreSQL server on this machine');
  const folder = mkdtempSync(join(tmpdir(), 'volt-postgres-'));
  const owner = otherUser();
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  // the superuser is whoever comes by the socket; all others have a password
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
    // a crash of the machine is none of the tests', and it takes much longer with it
    const fast = ['fsync=off', 'shared_buffers=32MB', 'autovacuum_naptime=10s'];
    const args = [...fixed, ...fast, ...settings].flatMap((setting) => ['-c', setting]);
    // ends in order when the run of the tests dies
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
      // its processes see that it is gone and end, too
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

/** Folder of the newest server that is installed; Debian keeps those of each version apart and out of the search path. */
function programs(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...(process.env.PATH ?? '').split(':')];
  return folders.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))));
}

/** The server refuses to run as root: the user that its package has made. */
function otherUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = ['-u', '-g'].map((of) => Number(execFileSync('id', [of, 'postgres'], { encoding: 'utf8' })));
  return { uid: uid as number, gid: gid as number };
}
