import { availableParallelism, loadavg, tmpdir } from 'node:os';
import * as z from 'zod';
import { EngineSession } from '../engine/engine-session.ts';
import { levelName } from '../exec/isolation-check.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText, type VoltError } from '../kernel/errors.ts';
import { plansOf } from '../kernel/later-plans.ts';
import { type AttemptRef, attemptName, type RunnerId } from '../kernel/model.ts';
import { serverTimeOf } from '../kernel/server-time.ts';
import { version } from '../kernel/version.ts';
import type { JobMessage } from '../queues/messages.ts';
import { mayServeRepository, parseQueueLabels } from '../queues/queue-labels.ts';
import { SlotWorker } from '../queues/slots.ts';
import { listen, newQueueSchema, runnerNoticeSchema } from '../redis/channels.ts';
import { leaseTtl } from '../redis/heartbeat-times.ts';
import { type RunnerMember, unfitCode } from '../redis/membership.ts';
import { identify, ownProcess } from '../redis/process-identity.ts';
import { hasMainUser } from '../redis/url.ts';
import { VitalsReader } from '../redis/vitals.ts';
import { signatory } from '../secrets/signed-message.ts';
import { awake } from '../system/clock.ts';
import { HealthFile } from '../system/health-file.ts';
import { settled, within } from '../system/wait.ts';
import { Admission, admissionRemedy } from './admission.ts';
import { type DiskProblem, DiskWatch } from './disk-watch.ts';
import { Executions, stopping } from './executions.ts';
import { freeDisk } from './prune.ts';
import { Registration } from './registration.ts';
import type { RunnerServices } from './services.ts';

export interface RunnerSettings {
  /** patterns of the repositories whose jobs it takes, beside those of its key; empty for all */
  repos: readonly string[];
  /** it does not share the data directory of the stages that use the database */
  isApart: boolean;
  labels: readonly string[];
  slots: number;
  /** milliseconds that running attempts may go on when the runner is stopped */
  grace: number;
  /** milliseconds without an answer from Redis after which it gives up */
  orphanTimeout: number;
}

/**
 * Milliseconds that a stopping runner waits for its jobs to end. They are dead within moments, but a disk that hangs
 * can hold one up for ever.
 */
const deathPatience = 10_000;
/** Milliseconds that a stopping runner tries to report what it gives back and what it has finished. */
const reportPatience = 1000;
const backlogRemedy =
  'Start a reporter, or see in `volt status` what blocks it. The runner takes jobs again by itself once its jobs are recorded.';
/** Milliseconds that the rest has to close while Redis may be down. */
const closePatience = 1000;

/**
 * A runner: its registration, the jobs that it takes, and their execution. States:
 * - `serving`: takes jobs while it has a lease (see Registration), its key is known, nobody has drained it (see Admission)
 *   and its disk is fit (see DiskWatch).
 * - → (a stop) `stopping`: takes no more jobs. Running jobs may end by themselves until the grace time is over or a
 *   person is impatient, then they are given back.
 * - → (no job has processes any more) `closed`, within a bounded time whether or not Redis answers.
 * When the lease runs out, all jobs are lost at once. The runner goes on under a new id, and still reports what it had
 * finished before.
 */
export class Runner {
  readonly name: string;
  readonly #services: RunnerServices;
  readonly #settings: RunnerSettings;
  readonly #disk: DiskWatch;
  readonly #admission: Admission;
  readonly #executions: Executions;
  readonly #engine: EngineSession;
  readonly #registration: Registration;
  readonly #begunAt = awake();
  readonly #signs: VitalsReader;
  readonly #unlisten: (() => Promise<void>)[] = [];
  #slots: SlotWorker | undefined;
  #stopping = false;
  /** a person does not wait for running jobs to end */
  readonly #impatient = new AbortController();
  #fail: (error: VoltError) => void = () => {};
  /** Resolves if the runner has to give up. */
  readonly failed = new Promise<VoltError>((resolve) => {
    this.#fail = resolve;
  });

  constructor(services: RunnerServices, settings: RunnerSettings) {
    const { access, config, folder, key, logger, trees } = services;
    this.#services = services;
    this.#settings = settings;
    this.#signs = new VitalsReader('runner', config);
    this.name = folder.name;
    const health = new HealthFile(config.healthFile, logger);
    this.#disk = new DiskWatch(config, {
      name: folder.name,
      writes: [folder.path, dataPaths(config.dataDir).mirrors],
      uses: [tmpdir()],
      logger,
      busy: () => this.#executions.busy,
      // what only saves time goes first
      free: [async () => trees?.clear(), (short) => this.#freeDisk(short)],
      changed: () => this.#fitnessChanged(),
    });
    this.#admission = new Admission(access, logger, key, folder.name, () => this.#fitnessChanged());
    this.#registration = new Registration(access, logger, folder.name, settings.orphanTimeout, {
      describe: () => this.#describe(),
      isAtWork: () => this.#executions.running.length > 0,
      heard: () => {
        health.touch();
        if (!this.#admission.isKnown) void this.#admission.check();
      },
      joined: (id) => this.#enter(id),
      renewed: () => {
        this.#executions.beat();
        this.#engine.beat();
      },
      lost: () => this.#fence(),
      orphaned: (error) => {
        this.#executions.loseAll(error.message);
        this.#fail(error);
      },
    });
    this.#engine = new EngineSession(config, {
      // older servers do not let runners read it
      record: async () => (await access.client.get(access.keys.record).catch(() => null)) ?? 'unknown',
      runner: folder.name,
      ttl: leaseTtl / 1000,
      left: () => this.#registration.leaseLeft / 1000,
      renew: (keeper) => this.#registration.renew(keeper),
      warn: (message) => logger.warn(message),
    });
    this.#executions = new Executions(services, this.#disk, {
      engine: this.#engine,
      lease: {
        left: () => this.#registration.leaseLeft,
        opened: (processes) => this.#registration.begun(processes),
      },
      refusal: (id) => this.#refusal(id),
      unsuitable: (message) => this.#unsuitable(message),
      backlogChanged: () => {
        const { backlog } = this.#executions;
        if (backlog !== undefined) logger.warn(`takes no jobs: ${backlog}`, { remedy: backlogRemedy });
        else logger.info('takes jobs again: what it has finished is recorded');
        this.#fitnessChanged();
      },
    });
  }

  get id(): RunnerId {
    return this.#registration.id;
  }

  async start(): Promise<void> {
    const { access } = this.#services;
    const { newQueue, runnerKeysChanged } = access.keys;
    this.#unlisten.push(
      await listen(access, newQueue, newQueueSchema, this.#services.logger, () => this.#slots?.refreshQueues()),
      await listen(access, runnerKeysChanged, z.object({}), this.#services.logger, () => void this.#admission.check()),
    );
    await this.#admission.check();
    await this.#disk.start();
    // before the first job, while the disk has earlier attempts only
    for (const former of await this.#executions.resume(this.id)) this.#answerTo(former);
    await this.#registration.start();
    void this.#engine.sweepFormer();
  }

  /** Takes no more jobs. Resolves when the running ones have ended, or were given back after the grace time. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const late = setTimeout(() => this.handBack(), this.#settings.grace);
    const closed = this.#slots?.close() ?? Promise.resolve();
    const idle = this.#executions.idle();
    await settled(idle, this.#impatient.signal);
    clearTimeout(late);
    await within(idle, deathPatience);
    await within(closed, reportPatience);
    await within(this.#executions.allReported(), reportPatience);
    await this.#disk.stop();
    // before others may have the jobs that have not ended
    await this.#engine.close();
    await this.#registration.leave();
    await within(this.#closeRest(), closePatience);
    this.#services.folder.release();
  }

  /** Gives all running jobs back at once. */
  handBack(): void {
    this.#executions.giveBackAll();
    this.#impatient.abort();
  }

  async #closeRest(): Promise<void> {
    const trees = this.#services.trees?.close();
    const launcher = this.#services.launcherProcess?.close();
    const networks = this.#services.networks.close();
    await Promise.allSettled([
      this.#executions.close(),
      trees,
      launcher,
      networks,
      ...this.#unlisten.map((unlisten) => unlisten()),
    ]);
  }

  /** Takes jobs with a new id. */
  #enter(id: RunnerId): void {
    this.#answerTo(id);
    if (this.#stopping) return;
    const { labels, slots } = this.#settings;
    this.#slots = new SlotWorker(this.#services.access, {
      runner: id,
      slots,
      labels,
      plans: plansOf(this.#isolatesStrangers),
      logger: this.#services.logger,
      repos: () => this.#repos,
      isGenuine: (content, attempt) => this.#isGenuine(content, attempt),
      ready: () => this.#refusal(id) === undefined && this.#isFit && !this.#admission.isDrained,
      run: (message) => this.#executions.execute(message, id),
      refuse: (attempt, why) => this.#executions.refuse(attempt, why, id),
    });
  }

  async #freeDisk(short: NonNullable<DiskProblem['short']>): Promise<void> {
    const { config, logger } = this.#services;
    try {
      const { installs, homes } = await freeDisk(config, short, (message) => logger.warn(message));
      for (const { what } of installs)
        logger.warn(`removed the ${what} that was kept for later builds: the disk is full`);
      for (const { repository } of homes) logger.warn(`removed a home of ${repository}: the disk is full`);
    } catch (error) {
      logger.warn(`could not make room on the disk: ${errorText(error)}`);
    }
  }

  /** Why the runner begins nothing with that id. The disk is checked elsewhere. */
  #refusal(id: RunnerId): string | undefined {
    if (this.#stopping) return stopping;
    if (id === this.id && this.#registration.leaseLeft > 0) return undefined;
    return `runner ${this.name} was cut off from Redis before it could begin`;
  }

  /**
   * Listens for notices to the runner with that id. It does not wait: the request goes before any for jobs on the same
   * connection, and while Redis is down nothing may wait for it.
   */
  #answerTo(id: RunnerId): void {
    const { access } = this.#services;
    const heard = listen(access, access.keys.toRunner(id), runnerNoticeSchema, this.#services.logger, (notice) =>
      this.#executions.hear(notice),
    );
    heard.catch(() => undefined);
    this.#unlisten.push(async () => (await heard)());
  }

  /** Other runners may have the jobs by now: ends them and reports nothing of them. */
  #fence(): void {
    const attempts = this.#executions.running.join(' ');
    this.#executions.loseAll('the lease has run out');
    const what = 'the lease ran out without an answer from Redis: ended all jobs, which other runners may take';
    this.#services.logger.warn(what, { attempts });
    void this.#slots?.close();
    this.#slots = undefined;
  }

  /** Others can write to the queues, too. A job that Volt has not signed runs nowhere. */
  async #isGenuine(content: unknown, attempt: AttemptRef | undefined): Promise<boolean> {
    const signer = signatory('job', content);
    if (signer !== undefined && signer === this.#services.key.voltKey()) return true;
    if (attempt)
      await this.#services.queues.setAside(`forged ${attemptName(attempt)}`, [JSON.stringify(content) ?? '']);
    return false;
  }

  /** A problem: jobs of a runner with its own data directory can do what the stages of Volt can. */
  get #trusted(): RunnerMember['problems'] {
    if (
      levelName(this.#services.settledIsolation) !== 'none' ||
      !this.#settings.isApart ||
      !hasMainUser(this.#services.access.url)
    )
      return [];
    return [
      {
        code: 'redis_main_user',
        message: 'its jobs can read the password of the main Redis user and act as Volt (isolation none)',
        remedy:
          'Start it with the Redis user that `volt runner-key add` or `volt redis-acl` prints, and set VOLT_ISOLATION=sandbox.',
      },
    ];
  }

  /** Anybody can make a pull request. */
  get #isolatesStrangers(): boolean {
    return ['sandbox', 'container'].includes(levelName(this.#services.settledIsolation));
  }

  get #repos(): string[][] {
    return [[...this.#settings.repos], this.#admission.repos];
  }

  /** Why it does not run a job that was sent to it; undefined if it does. */
  #unsuitable({ repo: { name }, labels, pullRequest }: JobMessage): string | undefined {
    if (pullRequest !== undefined && !this.#isolatesStrangers)
      return `runner ${this.name} does not isolate jobs, as those of pull requests have to be`;
    const server = { name: this.name, labels: this.#settings.labels, repos: this.#repos };
    if (!mayServeRepository(server, name)) return `runner ${this.name} does not take jobs of the repository ${name}`;
    const lacking = parseQueueLabels(labels).labels.filter((label) => !server.labels.includes(label));
    return lacking.length === 0 ? undefined : `runner ${this.name} does not have the labels ${lacking.join(', ')}`;
  }

  get #isFit(): boolean {
    return this.#disk.problem === undefined && this.#admission.isKnown && this.#executions.backlog === undefined;
  }

  #fitnessChanged(): void {
    // a disk with free space may be full, too: of files, or for this user
    if (this.#disk.problem) void this.#services.trees?.clear();
    this.#registration.now();
    this.#slots?.refreshQueues();
  }

  #problems(): RunnerMember['problems'] {
    const unfit = (why: string | undefined, remedy: string) =>
      why === undefined ? [] : [{ code: unfitCode, message: `takes no jobs: ${why}`, remedy }];
    return [
      ...this.#trusted,
      ...unfit(this.#admission.problem, admissionRemedy),
      ...unfit(this.#executions.backlog, backlogRemedy),
      ...unfit(this.#disk.problem?.message, "Fix it on the runner's machine; the runner rechecks automatically."),
    ];
  }

  #describe() {
    return {
      ...ownProcess(),
      name: this.name,
      labels: [...this.#settings.labels],
      slots: this.#settings.slots,
      repos: this.#repos.filter((globs) => globs.length > 0),
      plans: plansOf(this.#isolatesStrangers),
      running: this.#executions.running,
      reporting: this.#executions.reporting,
      scopes: [...this.#executions.processGroups.flatMap(({ pid }) => pid ?? []), ...this.#engine.pids].map(identify),
      key: this.#services.key.signer.publicKey,
      ...this.#executions.boxKey(this.id),
      claims: this.#executions.claims,
      problems: this.#problems(),
      load: loadavg()[0] ?? 0,
      cores: availableParallelism(),
      isolation: levelName(this.#services.settledIsolation),
      engine: this.#engine.engineName ?? null,
      version,
      stopping: this.#stopping,
      drained: this.#admission.isDrained,
      vitals: this.#signs.read(),
      startedAt: serverTimeOf(this.#begunAt),
    };
  }
}
