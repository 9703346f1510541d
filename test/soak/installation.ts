import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Build, BuildSummary } from '../../src/kernel/model.ts';
import { type VoltProcess, VoltProcesses } from '../support/processes.ts';
import { freePort } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** Settings that keep little, so that additions and removals balance within minutes. A day has 86,400 s. */
const retention = {
  VOLT_KEEP_BUILDS: '20',
  VOLT_KEEP_AT_LEAST: '5',
  VOLT_KEEP_DAYS: String(300 / 86_400),
  VOLT_KEEP_LOG_DAYS: String(240 / 86_400),
  VOLT_KEEP_ARTIFACT_DAYS: String(240 / 86_400),
  VOLT_KEEP_AUDIT_DAYS: String(300 / 86_400),
  VOLT_KEEP_WORK_DAYS: String(300 / 86_400),
  VOLT_KEEP_HOME_DAYS: String(300 / 86_400),
};

/** A `volt up`, and its users. */
export class SoakedVolt {
  readonly dataDir: string;
  readonly pid: number;
  /** file with the size of its heap */
  readonly heapFile: string;
  readonly #url: string;
  readonly #processes: VoltProcesses;
  readonly #process: VoltProcess;
  readonly #env: Record<string, string>;

  private constructor(
    folder: string,
    process: VoltProcess,
    processes: VoltProcesses,
    url: string,
    env: Record<string, string>,
  ) {
    this.dataDir = join(folder, 'data');
    this.pid = process.pid;
    this.heapFile = `${join(folder, 'heap')}.${process.pid}`;
    this.#url = url;
    this.#process = process;
    this.#processes = processes;
    this.#env = env;
  }

  /**
   * @param folder a new one
   * @param repositories as `name=path or URL`
   */
  static async start(folder: string, repositories: readonly string[]): Promise<SoakedVolt> {
    const processes = new VoltProcesses();
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const dataDir = join(folder, 'data');
    mkdirSync(join(folder, 'tmp'));
    const env = { ...retention, VOLT_ISOLATION: 'auto', VOLT_URL: url, TMPDIR: join(folder, 'tmp') };
    const observed = repositories.flatMap((each) => ['--repo', each]);
    const up = processes.start(
      ['up', '--data', dataDir, '--port', String(port), '--poll', '2', '--branch', '**', ...observed],
      {
        ...env,
        NODE_OPTIONS: `--max-semi-space-size=4 --import=${new URL('heap-after-gc.mjs', import.meta.url).href}`,
        MALLOC_ARENA_MAX: '1',
        MALLOC_TRIM_THRESHOLD_: '65536',
        MALLOC_MMAP_THRESHOLD_: '65536',
        SOAK_HEAP: join(folder, 'heap'),
      },
    );
    try {
      const answers = () =>
        fetch(`${url}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        );
      await until('volt up answers', answers, 60_000);
    } catch (error) {
      await processes.end();
      throw new Error(`volt up does not answer: ${up.output}`, { cause: error });
    }
    return new SoakedVolt(folder, up, processes, url, env);
  }

  get output(): string {
    return this.#process.output;
  }

  /** The response of a path. */
  async get(path: string): Promise<string> {
    const answer = await fetch(this.#url + path, { headers: this.#rights() });
    return answer.text();
  }

  async builds(limit: number): Promise<BuildSummary[]> {
    return (JSON.parse(await this.get(`/api/v1/builds?limit=${limit}`)) as { builds: BuildSummary[] }).builds;
  }

  async build(id: string): Promise<Build> {
    return JSON.parse(await this.get(`/api/v1/builds/${id}`)) as Build;
  }

  async post(path: string): Promise<void> {
    const answer = await fetch(this.#url + path, { method: 'POST', headers: this.#rights() });
    await answer.text();
  }

  /** Follows a stream of events until the signal aborts. */
  async follow(path: string, signal: AbortSignal): Promise<void> {
    const answer = await fetch(this.#url + path, { signal, headers: this.#rights() });
    await answer.text();
  }

  /** Runs one command. */
  async command(...args: string[]): Promise<void> {
    const call = this.#processes.start([...args, '--data', this.dataDir], this.#env);
    await call.ended();
  }

  redisUrl(): string {
    return readFileSync(join(this.dataDir, 'redis/url'), 'utf8').trim();
  }

  async stop(): Promise<void> {
    this.#process.signal('SIGTERM');
    await this.#process.ended();
    await this.#processes.end();
  }

  #rights(): { authorization: string } {
    return { authorization: `Bearer ${readFileSync(join(this.dataDir, 'token'), 'utf8').trim()}` };
  }
}
