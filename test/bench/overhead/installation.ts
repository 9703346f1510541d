import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type BuildSummary, isFinal, type Status } from '../../../src/kernel/model.ts';
import type { TestFolders } from '../../support/folder.ts';
import type { VoltProcess, VoltProcesses } from '../../support/processes.ts';

/** What installations need from the benchmark run. */
export interface Bench {
  processes: VoltProcesses;
  folders: TestFolders;
}

/** Volt as a person starts it, in one process with its own Redis server, used through its API. */
export class Installation {
  readonly dataDir: string;
  readonly pid: number;
  readonly #url: string;
  readonly #process: VoltProcess;
  /** ids of builds that the event stream reported as final */
  readonly #final = new Set<string>();
  /** why waiting is useless */
  #wrong: string | undefined;
  #told = () => {};
  readonly #gone = new AbortController();

  private constructor(process: VoltProcess, url: string, dataDir: string) {
    this.#process = process;
    this.pid = process.pid;
    this.#url = url;
    this.dataDir = dataDir;
    void process.ended().then((code) => {
      this.#wrong ??= `volt up has ended (${code}): ${process.output.slice(-500)}`;
      this.#told();
    });
  }

  /**
   * Resolves when it answers.
   * @param options `args` and `env` of `volt up`
   */
  static async start(
    { processes, folders }: Bench,
    options: { args?: string[]; env?: Record<string, string>; dataDir?: string } = {},
  ): Promise<Installation> {
    const { args = [], env = {}, dataDir = folders.make() } = options;
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const process = processes.start(['up', '--data', dataDir, '--port', String(port), ...args], env);
    let over = false;
    const ended = process.ended().then(() => {
      over = true;
    });
    while (!(await answers(url))) {
      if (over) throw new Error(`volt up has ended: ${process.output}`);
      await Promise.race([pause(2), ended]);
    }
    const installation = new Installation(process, url, dataDir);
    await installation.#listen();
    return installation;
  }

  /**
   * Does the work, and waits until the event stream has reported `count` more final builds.
   * @returns milliseconds from the start of the work to the last report
   */
  async timed(count: number, work: () => void): Promise<number> {
    const goal = this.#final.size + count;
    const begin = performance.now();
    work();
    await this.#reaches(goal);
    return performance.now() - begin;
  }

  /** Waits for so many verdicts since the start. */
  async settled(count: number): Promise<void> {
    await this.#reaches(count);
  }

  /** The newest builds, newest first. */
  async builds(limit: number): Promise<BuildSummary[]> {
    const { builds } = await this.#json<{ builds: BuildSummary[] }>(`/api/v1/builds?limit=${limit}`);
    return builds;
  }

  /** The log of the newest build's only job. */
  async log(): Promise<string> {
    const [build] = await this.builds(1);
    const answer = await fetch(`${this.#url}/api/v1/jobs/${build?.id}-1/log`);
    return answer.text();
  }

  async stop(): Promise<void> {
    this.#gone.abort();
    this.#process.signal('SIGTERM');
    await this.#process.ended();
  }

  async #listen(): Promise<void> {
    const answer = await fetch(`${this.#url}/api/v1/events`, { signal: this.#gone.signal });
    if (!answer.body) throw new Error('the event stream has no body');
    const lines = createInterface({ input: Readable.fromWeb(answer.body) });
    // the stream ends when the installation stops
    lines.on('error', () => lines.close());
    lines.on('line', (line) => {
      if (!line.startsWith('data: {"')) return;
      const { build, status } = JSON.parse(line.slice(6)) as { build: string; status: Status };
      if (!isFinal(status)) return;
      this.#final.add(build);
      if (status !== 'success') this.#wrong = `build ${build} of a test that cannot fail ended as ${status}`;
      this.#told();
    });
  }

  async #reaches(count: number): Promise<void> {
    while (this.#final.size < count && this.#wrong === undefined)
      await new Promise<void>((resolve) => {
        this.#told = resolve;
      });
    if (this.#wrong !== undefined) throw new Error(this.#wrong);
  }

  async #json<T>(path: string): Promise<T> {
    return (await (await fetch(this.#url + path)).json()) as T;
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
