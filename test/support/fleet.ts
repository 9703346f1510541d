import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { dataPaths, logFile } from '../../src/kernel/data-paths.ts';
import { type Build, isFinal } from '../../src/kernel/model.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import type { Database } from '../../src/record/database.ts';
import type { SystemStatus } from '../../src/web/schemas/system.ts';
import { databaseEnvironment } from './database.ts';
import { Evidence } from './evidence.ts';
import { TestFolders } from './folder.ts';
import { type VoltProcess, VoltProcesses } from './processes.ts';
import { openRecord } from './record.ts';
import { TestRepository } from './repository.ts';
import { knownKey } from './runner-keys.ts';
import { until } from './until.ts';

export const recordStages = ['dispatcher', 'reporter', 'observer', 'web'] as const;
export type RecordStage = (typeof recordStages)[number];

export interface FleetOptions {
  /** address of Redis */
  redis: string;
  /** data directory of the stages; by default a new folder */
  dataDir?: string;
  /** environment of the stages and runners */
  env?: { [name: string]: string };
}

/** Options of a runner. */
export interface FleetRunnerOptions {
  /** data directory; by default a new folder */
  dataDir?: string;
  /** seconds of grace when it stops, by default none */
  grace?: number;
  /** further arguments of `volt runner` */
  args?: string[];
  /** another address of Redis */
  redis?: string;
  /** a command that starts it, for example in a namespace */
  inside?: readonly string[];
}

/** Volt as in production: each stage and each runner is a process of its own. It watches one repository. */
export class TestFleet {
  readonly evidence = new Evidence();
  readonly repository = new TestRepository({ README: 'a sample' });
  readonly dataDir: string;
  readonly database: Database;
  readonly #folders: TestFolders;
  readonly #options: FleetOptions;
  readonly #databaseEnv: { [name: string]: string };
  readonly #processes = new VoltProcesses();
  readonly #running = new Map<string, VoltProcess>();
  /** data directories of runners, by their names */
  readonly #keys = new Map<string, string>();

  private constructor(
    options: FleetOptions,
    folders: TestFolders,
    dataDir: string,
    database: Database,
    databaseEnv: { [name: string]: string },
  ) {
    this.#options = options;
    this.#folders = folders;
    this.dataDir = dataDir;
    this.database = database;
    this.#databaseEnv = databaseEnv;
  }

  /** Prepares everything, but starts no process. */
  static async build(options: FleetOptions): Promise<TestFleet> {
    const folders = new TestFolders();
    const dataDir = options.dataDir ?? folders.make();
    return new TestFleet(options, folders, dataDir, await openRecord(dataDir), await databaseEnvironment(dataDir));
  }

  /** Starts all stages, and runners with these names and one slot each; resolves when all are ready. */
  async open(runners: string[] = ['r1', 'r2']): Promise<void> {
    await Promise.all([
      ...recordStages.map((kind) => this.start(kind)),
      ...runners.map((name) => this.startRunner(name)),
    ]);
  }

  /** @param name distinguishes it from others of its kind */
  async start(kind: RecordStage, name: string = kind): Promise<void> {
    const args = {
      dispatcher: [],
      reporter: [],
      observer: ['--repo', `sample=${this.repository.path}`, '--poll', '1'],
      web: ['--port', '0'],
    }[kind];
    await this.#start(name, [kind, ...args, '--data', this.dataDir]);
  }

  async startRunner(name: string, options: FleetRunnerOptions = {}): Promise<void> {
    const { dataDir = this.#folders.make(), grace = 0, args = [] } = options;
    const common = ['--name', name, '--slots', '1', '--grace', String(grace), '--data', dataDir];
    const key = this.#keys.get(name) ?? (await knownKey(this.database, name)).text;
    this.#keys.set(name, key);
    await this.#start(name, ['runner', ...common, ...args], options, { VOLT_RUNNER_KEY: key });
  }

  async #start(
    name: string,
    args: string[],
    { redis, inside }: FleetRunnerOptions = {},
    env: { [name: string]: string } = {},
  ): Promise<void> {
    const address = redis ?? this.#options.redis;
    const started = this.#processes.start(
      [...args, '--redis', address],
      { ...this.#databaseEnv, ...this.#options.env, ...env },
      inside,
    );
    this.#running.set(name, started);
    await started.says('ready');
  }

  /** Kills a stage or a runner, and resolves when it is gone. */
  async kill(name: string): Promise<void> {
    const running = this.process(name);
    running.signal('SIGCONT');
    running.signal('SIGKILL');
    await running.ended();
    this.#running.delete(name);
  }

  /** Kills everything. */
  async killAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.kill(name)));
  }

  /** Whether a stage or runner with that name was started, and not killed since. */
  runs(name: string): boolean {
    return this.#running.has(name);
  }

  /** A stage or a runner, by its name. */
  process(name: string): VoltProcess {
    const running = this.#running.get(name);
    if (!running) throw new Error(`${name} does not run`);
    return running;
  }

  /** Address of the dashboard, without a trailing slash. */
  get url(): string {
    return /http:\/\/[^\s;]+/.exec(this.process('web').output)?.[0].replace(/\/$/, '') ?? 'nowhere';
  }

  /** The status from the API. */
  async status(): Promise<SystemStatus> {
    return (await (await fetch(`${this.url}/api/v1/status`)).json()) as SystemStatus;
  }

  /**
   * A commit whose test takes so many tenths of a second; `first` sets another number for its first run.
   * @returns its sha
   */
  push(tenths: number, first = tenths): string {
    return this.repository.commit(`a test of ${tenths} tenths`, { 'test.sh': this.evidence.script(tenths, first) });
  }

  /** Resolves when the commit's test has started. */
  async begun(sha: string, runs = 1): Promise<void> {
    const begun = () => this.evidence.runs(sha).length >= runs;
    await until(`run ${runs} of ${sha.slice(0, 7)}`, begun, 40_000).catch((error: Error) => {
      const said = [...this.#running].map(([name, { output }]) => `${name}:\n${output.slice(-2000)}`);
      throw new Error(`${error.message}\n${said.join('\n')}`);
    });
  }

  /** Resolves when the commit's test has run to its end, whether Volt knows it or not. */
  async over(sha: string): Promise<void> {
    await until(`the end of ${sha.slice(0, 7)}`, () => this.evidence.runs(sha).some((run) => run.ended), 40_000);
  }

  /** The build of the commit, once it is final and its result file is written. */
  async built(sha: string): Promise<Build> {
    return until(
      `the verdict of ${sha.slice(0, 7)}`,
      async () => {
        const [summary] = await listBuilds(this.database, { sha, limit: 1 });
        const written = existsSync(this.#resultFile(sha, 'json'));
        if (!summary || !isFinal(summary.status) || !written) return undefined;
        return findBuild(this.database, summary.id);
      },
      60_000,
    );
  }

  /**
   * Checks commits from outside, whatever faults happened: each has one verdict, success. Its test ran to its end once,
   * and no run started while another one lived. The log is complete.
   * @param runs how often each test was started
   */
  async prove(shas: string[], runs = 1): Promise<void> {
    for (const sha of shas) {
      const build = await this.built(sha);
      expect(build, sha).to.include({ status: 'success' });
      expect(await listBuilds(this.database, { sha, limit: 10 }), `builds of ${sha}`).to.have.length(1);
      const seen = this.evidence.runs(sha);
      expect(
        seen.map((run) => run.ended),
        `runs of ${sha}`,
      ).to.deep.equal([...Array(runs - 1).fill(false), true]);
      seen.slice(1).forEach((run, index) => {
        expect(seen[index]?.lastBeat, 'no two at a time').to.be.below(run.startedAt);
      });
      const [job] = build.jobs;
      if (!job) throw new Error('the build has no job');
      const log = readFileSync(logFile(this.dataDir, { job: job.id, attempt: job.attempts.length }), 'utf8');
      const printed = log.split('\n').filter((line) => /^[0-9a-f-]{36} \d+$/.test(line));
      const { id, beats } = seen.at(-1) as { id: string; beats: number };
      expect(printed, `log of ${sha}`).to.deep.equal(Array.from({ length: beats }, (_, line) => `${id} ${line}`));
      expect(readFileSync(this.#resultFile(sha, 'log'), 'utf8')).to.equal(log);
    }
  }

  #resultFile(sha: string, ending: string): string {
    return join(dataPaths(this.dataDir).testResults, 'sample', `${sha}.${ending}`);
  }

  async remove(): Promise<void> {
    await this.#processes.end();
    await this.database.close();
    this.evidence.remove();
    this.repository.remove();
    this.#folders.remove();
  }
}
