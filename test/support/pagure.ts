import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { freePort, startRedis, type TestRedis } from './redis.ts';
import { until } from './until.ts';

const execute = promisify(execFile);
/** Debian's python3 has Pagure's modules; another one on the search path has not. */
const python = '/usr/bin/python3';
/** Milliseconds. Each hook of a repository imports all of Pagure, and a push runs three. */
const patience = 240_000;

/** Whether Pagure is installed. */
export function hasPagure(): boolean {
  return existsSync('/usr/bin/pagure-admin');
}

/** A real Pagure with its worker, below a temporary folder, with the people `owner` and `stranger`. */
export class Pagure {
  readonly url: string;
  readonly #folder: string;
  readonly #redis: TestRedis;
  readonly #env: NodeJS.ProcessEnv;
  readonly #processes: ChildProcess[] = [];
  readonly #tokens = new Map<string, string>();

  private constructor(folder: string, port: number, redis: TestRedis) {
    this.url = `http://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#redis = redis;
    // SQLAlchemy warns of Pagure's models, at length
    this.#env = { ...process.env, PAGURE_CONFIG: join(folder, 'pagure.cfg'), PYTHONWARNINGS: 'ignore' };
    writeFileSync(join(folder, 'pagure.cfg'), settings(folder, this.url, redis.port));
  }

  static async start(): Promise<Pagure> {
    const folder = mkdtempSync(join(tmpdir(), 'volt-pagure-'));
    const port = await freePort();
    const pagure = new Pagure(folder, port, await startRedis());
    const server = join(import.meta.dirname, 'pagure-server.py');
    createInterface(pagure.#run([server, String(port), 'owner', 'stranger'])).on('line', (line) => {
      const [, name = '', token = ''] = /^token (\w+) (\w+)$/.exec(line) ?? [];
      if (name !== '') pagure.#tokens.set(name, token);
    });
    const worker = ['-m', 'celery', '-A', 'pagure.lib.tasks', 'worker', '--include', 'pagure.lib.tasks_services'];
    pagure.#run([...worker, '--queues', 'celery,pagure_webhook', '--concurrency', '2', '--loglevel', 'error']).resume();
    const isThere = () =>
      fetch(`${pagure.url}/api/0/version`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until('Pagure answers', async () => pagure.#tokens.size === 2 && (await isThere()), patience);
    return pagure;
  }

  #run(args: string[]): NodeJS.ReadableStream {
    const child = spawn(python, args, { env: this.#env, cwd: this.#folder, stdio: ['ignore', 'pipe', 'ignore'] });
    this.#processes.push(child);
    return child.stdout;
  }

  token(person: string): string {
    return this.#tokens.get(person) ?? '';
  }

  /**
   * Asks the API.
   * @param form what is posted
   * @throws Error for an answer that is no success
   */
  // biome-ignore lint/suspicious/noExplicitAny: answers of every form
  async ask(person: string, path: string, form?: { [name: string]: string }): Promise<any> {
    const answer = await fetch(`${this.url}/api/0/${path}`, {
      headers: { authorization: `token ${this.token(person)}` },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
      signal: AbortSignal.timeout(patience),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** The folder of its repositories. */
  get repositories(): string {
    return join(this.#folder, 'repositories');
  }

  /** Pushes as a person, with Pagure's hooks. @param project of a fork, with `forks/PERSON/` before its name */
  async push(person: string, checkout: string, project: string, branch: string): Promise<void> {
    await execute('git', ['push', '--quiet', '--force', join(this.repositories, `${project}.git`), branch], {
      ...{ cwd: checkout, env: { ...this.#env, GL_USER: person }, timeout: patience },
    });
  }

  async stop(): Promise<void> {
    for (const child of this.#processes) {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    await this.#redis.stop();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Pagure's settings, which are a program in Python. It wants folders also for what is switched off. */
function settings(folder: string, url: string, redisPort: number): string {
  const folders = {
    GIT_FOLDER: 'repositories',
    REMOTE_GIT_FOLDER: 'remotes',
    ATTACHMENTS_FOLDER: 'attachments',
    UPLOAD_FOLDER_PATH: 'uploads',
    TICKETS_FOLDER: 'repositories/tickets',
    REQUESTS_FOLDER: 'repositories/requests',
    DOCS_FOLDER: 'repositories/docs',
  };
  for (const path of Object.values(folders)) mkdirSync(join(folder, path), { recursive: true });
  const texts = {
    ...Object.fromEntries(Object.entries(folders).map(([name, path]) => [name, join(folder, path)])),
    DB_URL: `sqlite:///${join(folder, 'pagure.sqlite')}?timeout=120`,
    ...{ SECRET_KEY: 'of the test', SALT_EMAIL: 'of the test', APP_URL: `${url}/`, PAGURE_AUTH: 'local' },
    ...{ BROKER_URL: `redis://127.0.0.1:${redisPort}/0`, REDIS_HOST: '127.0.0.1' },
    ...{ GIT_AUTH_BACKEND: 'pagure', SSH_KEYS_USERNAME_EXPECT: 'git' },
  };
  const lines = Object.entries(texts).map(([name, text]) => `${name} = ${JSON.stringify(text)}`);
  const off = ['ENABLE_TICKETS', 'ENABLE_DOCS', 'EMAIL_SEND', 'SESSION_COOKIE_SECURE'].map((name) => `${name} = False`);
  const rest = [`REDIS_PORT = ${redisPort}`, 'REDIS_DB = 0', 'SSH_COMMAND_NON_REPOSPANNER = ([], {})'];
  return [...lines, ...off, ...rest, ''].join('\n');
}
