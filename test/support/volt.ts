import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { admitRunners } from '../../src/dispatcher/runner-rules.ts';
import { startDispatcher } from '../../src/dispatcher/start.ts';
import { loadConfig, type Overrides } from '../../src/kernel/config.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { type Build, type BuildId, isFinal } from '../../src/kernel/model.ts';
import { Problems } from '../../src/kernel/problems.ts';
import { addRepository, type RepositoryOptions } from '../../src/observer/add.ts';
import { startObserver } from '../../src/observer/start.ts';
import { Queues } from '../../src/queues/queues.ts';
import type { Stage, StageContext } from '../../src/queues/stage.ts';
import { identityOf } from '../../src/record/build-ids.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import { Database } from '../../src/record/database.ts';
import { type PlannedJob, recordPlan } from '../../src/record/plans.ts';
import type { Repository } from '../../src/record/repositories.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { claimRedis } from '../../src/redis/identity.ts';
import { startReporter } from '../../src/reporter/start.ts';
import { type RunnerOptions, type RunnerStage, startRunner } from '../../src/runner/start.ts';
import { ownRunnerKey } from '../../src/secrets/runner-key.ts';
import { databaseFor } from './database.ts';
import { newBuild, plannedJob } from './record.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { knownKey } from './runner-keys.ts';
import { until } from './until.ts';

/** Volt's stages inside the test process, with a Redis server and a data directory of their own. */
export class TestVolt {
  readonly redis: TestRedis;
  readonly context: StageContext & { database: Database; problems: Problems };
  readonly dataDir: string;
  readonly #stages: Stage[] = [];

  private constructor(
    redis: TestRedis,
    context: StageContext & { database: Database; problems: Problems },
    dataDir: string,
  ) {
    this.redis = redis;
    this.context = context;
    this.dataDir = dataDir;
  }

  static async start(overrides: Overrides = {}): Promise<TestVolt> {
    const redis = await startRedis();
    const dataDir = await mkdtemp(join(tmpdir(), 'volt-data-'));
    const config = loadConfig({
      logLevel: 'error',
      isolation: 'none',
      ...overrides,
      ...(await databaseFor(dataDir)),
      dataDir,
    });
    const logger = createLogger(config.logLevel);
    const access = await connectRedis(config, redis.url, logger);
    const database = await Database.open(config);
    await claimRedis(access, identityOf(database));
    const context = {
      config,
      access,
      queues: new Queues(access, logger, database),
      logger,
      database,
      problems: new Problems(logger),
    };
    return new TestVolt(redis, context, dataDir);
  }

  /** Starts all stages, with one runner. */
  static async startAll(overrides: Overrides = {}, runner: Partial<RunnerOptions> = {}): Promise<TestVolt> {
    const volt = await TestVolt.start(overrides);
    await volt.reporter();
    await volt.dispatcher();
    await volt.observer();
    await volt.runner(runner);
    return volt;
  }

  observer = async () => this.#keep(await startObserver(this.context));
  dispatcher = async () => this.#keep(await startDispatcher(this.context));
  reporter = async () => this.#keep(await startReporter(this.context));

  async runner(options: Partial<RunnerOptions> = {}): Promise<RunnerStage> {
    ownRunnerKey(this.context.config);
    await admitRunners(this.context);
    return this.#keep(await startRunner(this.context, { labels: [], slots: 1, graceSeconds: 0, ...options }));
  }

  /** A runner like one on another machine: with another data directory, and a key that it was given. */
  async runnerApart(name: string, dataDir: string): Promise<RunnerStage> {
    const { text } = await knownKey(this.context.database, name);
    const config = { ...this.context.config, dataDir, runnerKey: text };
    return this.#keep(await startRunner({ ...this.context, config }, { name, labels: [], slots: 1, graceSeconds: 0 }));
  }

  observe(url: string, options: Partial<RepositoryOptions> = {}): Promise<Repository> {
    return addRepository(this.context, {
      url,
      branches: [],
      pollSeconds: 5,
      commits: 'every',
      command: null,
      ...options,
    });
  }

  /**
   * A build of several jobs, as a workflow's plan would make it.
   * @param jobs by name: what each runs, and other properties
   */
  async plan(
    repo: string,
    sha: string,
    jobs: { [name: string]: { command: string } & Partial<PlannedJob> },
  ): Promise<BuildId> {
    const plan = newBuild({
      repo,
      sha,
      jobs: Object.entries(jobs).map(([name, { command, ...rest }]) =>
        plannedJob(name, { plan: JSON.stringify({ kind: 'command', command }), ...rest }),
      ),
    });
    const planned = await recordPlan(this.context.database, plan);
    if (planned.outcome !== 'made') throw new Error(planned.outcome);
    await this.context.queues.sendAdvance({ v: 1, build: planned.build });
    return planned.build;
  }

  /** Waits until `wanted` accepts the build with this id. */
  async built(
    id: BuildId,
    wanted: (build: Build) => boolean = (build) => isFinal(build.status),
    timeout?: number,
  ): Promise<Build> {
    return until(
      `build ${id}`,
      async () => {
        const build = await findBuild(this.context.database, id);
        return build && wanted(build) ? build : undefined;
      },
      timeout,
    );
  }

  /** Waits until `wanted` accepts a build of a commit, and returns the newest. */
  async build(
    sha: string,
    wanted: (build: Build) => boolean = (build) => isFinal(build.status),
    timeout?: number,
  ): Promise<Build> {
    return until(
      `a build of ${sha.slice(0, 10)}`,
      async () => {
        const [summary] = await listBuilds(this.context.database, { sha, limit: 1 });
        const build = summary && (await findBuild(this.context.database, summary.id));
        return build && wanted(build) ? build : undefined;
      },
      timeout,
    );
  }

  /** Empties Redis, as if that had happened a while ago. */
  async emptyRedis(): Promise<void> {
    const { access, database } = this.context;
    await access.client.flushall();
    await claimRedis(access, identityOf(database));
    await access.client.del(access.keys.young);
  }

  async stop(): Promise<void> {
    for (const stage of this.#stages.splice(0).reverse()) await stage.stop();
    await this.context.queues.close();
    await this.context.access.close();
    await this.context.database.close();
    await this.redis.stop();
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }

  #keep<S extends Stage>(stage: S): S {
    this.#stages.push(stage);
    return stage;
  }
}
