import { join } from 'node:path';
import type { SettledIsolation } from '../exec/isolation-check.ts';
import type { NetworkPool } from '../exec/network/network-pool.ts';
import type { ProcessGroup } from '../exec/process-group.ts';
import { mayBeRepeated, runnerFailed } from '../job/ending.ts';
import type { KeptTrees } from '../job/kept-trees.ts';
import { sizeOf } from '../job/result-size.ts';
import { TextWorker } from '../job/texts/text-worker.ts';
import { errorText } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { type AttemptRef, attemptName, type RunnerId } from '../kernel/model.ts';
import { serverTime } from '../kernel/server-time.ts';
import type { JobMessage, Result, ResultMessage } from '../queues/messages.ts';
import { packTests } from '../queues/packed-tests.ts';
import { signedResult } from '../queues/queues.ts';
import type { StageContext } from '../queues/stage.ts';
import type { RunnerNotice } from '../redis/channels.ts';
import { isRefused, untilTaken } from '../redis/refusal.ts';
import type { Signer } from '../secrets/signing.ts';
import { type AttemptEnd, RunningAttempt } from './attempt.ts';
import { Backlog } from './backlog.ts';
import { Deliveries } from './deliveries.ts';
import type { DiskProblem, DiskWatch } from './disk-watch.ts';
import type { LauncherProcess } from './launcher/launcher-process.ts';
import { Report } from './report.ts';
import { leftSpools, Spool } from './spool.ts';
import type { WorkFolder } from './work-folder.ts';

/** Why attempts are given back when the runner is stopped. */
export const stopping = 'the runner is stopping';

/** Bytes of an outcome that the results of single tests may fill up; a message has at most 1,048,576. */
const mostResult = 1_000_000;

/** What every result of one attempt begins with. */
type Common = Pick<Result<'steps'>, 'v' | 'job' | 'attempt' | 'runner'>;

export interface ExecutionPlace {
  folder: WorkFolder;
  /** what the runner's words are signed with */
  signer: Signer;
  disk: DiskWatch;
  settledIsolation: SettledIsolation;
  networks: NetworkPool;
  /** absent where nothing is kept of checkouts */
  trees: KeptTrees | undefined;
  /** absent where this process starts the programs of jobs */
  launcherProcess: LauncherProcess | undefined;
}

export interface ExecutionHooks {
  /** milliseconds for which the lease holds still, 0 when it has run out */
  leaseLeft(): number;
  /** why the runner with that id begins nothing any more; undefined while it does */
  refusal(runner: RunnerId): string | undefined;
  /** why it is not for this runner; undefined where it is */
  misplaced(message: JobMessage): string | undefined;
  /** so much is still to be reported that no more jobs are to be taken, or not so much any more */
  backlogChanged(): void;
  /** an attempt's processes can be told to others. @returns whether its lease is renewed by somebody else than `beat` */
  scopeOpened(processes: ProcessGroup): boolean;
}

/**
 * The attempts that a runner executes, and those whose outcome it still has to report. States of one attempt:
 * `preparing` → (its message was taken while the runner stops or cannot work) returned;
 * `preparing` → (its spool is there) `running` → (see AttemptEnd) finished, returned or lost;
 * finished → `reporting`: its outcome is on the disk and is told until a reporter says that it is recorded;
 * returned, lost → its log so far is still sent, then nothing is left of it.
 * Others must leave alone what is preparing, running or reporting; a lost attempt is not claimed from the moment on that
 * it is, though its end may take a moment.
 */
export class Executions {
  readonly #context: StageContext;
  readonly #logger: Logger;
  readonly #folder: WorkFolder;
  readonly #signer: Signer;
  readonly #spools: string;
  readonly #hooks: ExecutionHooks;
  readonly #deliveries: Deliveries;
  readonly #disk: DiskWatch;
  readonly #settledIsolation: SettledIsolation;
  readonly #networks: NetworkPool;
  readonly #trees: KeptTrees | undefined;
  readonly #launcherProcess: LauncherProcess | undefined;
  readonly #texts = new TextWorker();
  /** attempts that are being prepared; others must not take them for unclaimed meanwhile */
  readonly #preparing = new Set<string>();
  readonly #running = new Map<string, RunningAttempt>();
  /** its signed word that it has begun each of them, as JSON */
  readonly #claims = new Map<string, string>();
  readonly #reports = new Map<string, Report>();
  readonly #backlog: Backlog;
  readonly #changed = new Set<() => void>();
  readonly #closing = new AbortController();
  /** attempts that are prepared or have processes */
  #active = 0;

  constructor(
    context: StageContext,
    logger: Logger,
    { folder, signer, disk, settledIsolation, networks, trees, launcherProcess }: ExecutionPlace,
    hooks: ExecutionHooks,
  ) {
    this.#context = context;
    this.#settledIsolation = settledIsolation;
    this.#networks = networks;
    this.#trees = trees;
    this.#launcherProcess = launcherProcess;
    this.#logger = logger;
    this.#folder = folder;
    this.#signer = signer;
    this.#spools = join(folder.path, 'spool');
    this.#disk = disk;
    this.#hooks = hooks;
    this.#deliveries = new Deliveries(context, signer);
    this.#backlog = new Backlog(
      () => this.#reports.values(),
      () => hooks.backlogChanged(),
    );
  }

  /** Whether there are processes of a job, or may be at any moment. */
  get busy(): boolean {
    return this.#active > 0;
  }

  /** Names of the attempts that run here and that nobody else may have. */
  get running(): string[] {
    const live = [...this.#running].flatMap(([name, attempt]) => (attempt.isLost ? [] : [name]));
    return [...this.#preparing, ...live];
  }

  /** Names of the attempts that have an outcome which is not recorded yet. */
  get reporting(): string[] {
    return [...this.#reports].flatMap(([name, report]) =>
      report.hasOutcome && !this.#running.has(name) ? [name] : [],
    );
  }

  get scopes(): ProcessGroup[] {
    return [...this.#running.values()].flatMap((attempt) => attempt.processes ?? []);
  }

  /** Why no more jobs are to be taken before others are recorded; undefined while they may be. */
  get backlog(): string | undefined {
    return this.#backlog.problem;
  }

  /** What is sealed to the runner with that id is sealed to this key. */
  boxKey(runner: RunnerId): ReturnType<Deliveries['boxKey']> {
    return this.#deliveries.boxKey(runner);
  }

  /** The runner's signed words that it has begun what runs, as JSON. */
  get claims(): string[] {
    return [...this.#claims.values()];
  }

  /** Renews the lease of every attempt's processes. */
  beat(): void {
    for (const attempt of this.#running.values()) attempt.beat();
  }

  /** Ends everything at once and hands nothing of it in. */
  loseAll(): void {
    for (const attempt of this.#running.values()) attempt.lose();
  }

  /** Ends everything, to be given back. */
  giveBackAll(): void {
    for (const attempt of this.#running.values()) attempt.giveBack(stopping);
  }

  hear(notice: RunnerNotice): void {
    const name = attemptName(notice);
    if (notice.kind === 'archived') this.#reports.get(name)?.archived(notice);
    else if (notice.kind === 'recorded') this.#reports.get(name)?.recorded(notice.bytes);
    else if (notice.kind === 'sealed') this.#deliveries.hear(notice);
    else if (notice.kind === 'cancel') this.#running.get(name)?.cancel(notice.message, notice.reason);
    else this.#running.get(name)?.lose();
    if (this.#backlog.problem !== undefined) this.#backlog.look();
  }

  /**
   * Goes on reporting what an earlier process of this runner has left on the disk.
   * @returns ids under which that process was known; reporters answer to them
   */
  async resume(runner: RunnerId): Promise<RunnerId[]> {
    const former = new Set<RunnerId>();
    for (const left of await leftSpools(this.#spools)) {
      const report = await Report.reopen(this.#context, runner, this.#signer, this.#spools, left, (done) =>
        this.#settled(done),
      );
      this.#reports.set(attemptName(report.ref), report);
      if (report.reporter !== undefined) former.add(report.reporter);
    }
    this.#backlog.look();
    return [...former];
  }

  /**
   * Executes one attempt for the runner with that id.
   * @returns whether it is over; false when somebody else may have it, or it runs here already
   */
  async execute(message: JobMessage, id: RunnerId): Promise<boolean> {
    const name = attemptName(message);
    const logger = this.#logger.child({
      runner: id,
      repo: message.repo.name,
      build: message.build,
      job: message.job,
      attempt: message.attempt,
    });
    if (this.#preparing.has(name) || this.#running.has(name) || this.#reports.has(name)) {
      logger.warn('was given an attempt that it has already; it goes on as it is');
      return false;
    }
    this.#preparing.add(name);
    const runner = { id, name: this.#folder.name, host: this.#context.config.host };
    const common: Common = { v: 1, job: message.job, attempt: message.attempt, runner };
    try {
      const { end, report } = await this.#whileActive(() => this.#perform(message, common, logger));
      await this.#handIn(end, common, report);
      this.#backlog.look();
      logger.info(end.kind === 'finished' ? `ended: ${end.outcome.status}` : `ended: ${end.kind}`);
      return end.kind !== 'lost';
    } catch (error) {
      // the runner ends before Redis takes what it has to tell: that is on the disk for its next start, or is taken back
      if (isRefused(error)) throw error;
      logger.error(`cannot run the job: ${errorText(error)}`);
      const { outcome } = runnerFailed(`the runner cannot run jobs: ${errorText(error)}`);
      const again = mayBeRepeated(outcome, this.#running.has(name));
      const nothing = { steps: [], logBytes: 0, startedAt: now(), finishedAt: now() };
      const result = { ...common, kind: 'finished', ...outcome, again, ...nothing } as const;
      await this.#tell(result);
      return true;
    } finally {
      this.#preparing.delete(name);
      this.#running.delete(name);
      this.#claims.delete(name);
    }
  }

  /** Reports an attempt whose message cannot be understood, so that its job does not wait for ever. */
  async refuse(ref: AttemptRef, why: string, id: RunnerId): Promise<void> {
    const runner = { id, name: this.#folder.name, host: this.#context.config.host };
    const nothing = { exitCode: null, steps: [], logBytes: 0, startedAt: now(), finishedAt: now() };
    const message = `runner ${this.#folder.name} does not understand the job's message: ${why}`;
    const common = { v: 1, kind: 'finished', job: ref.job, attempt: ref.attempt, runner } as const;
    const outcome = { status: 'error', reason: 'bad_message', message } as const;
    await this.#tell({ ...common, ...outcome, ...nothing });
  }

  /** Resolves when no job has processes any more, though what became of it may still have to be told. */
  async idle(): Promise<void> {
    await this.#until(() => this.#active === 0);
  }

  /** Resolves when nothing is left to report. */
  async allReported(): Promise<void> {
    await this.#until(() => this.#reports.size === 0);
  }

  /** Stops reporting; what is owed waits on the disk for the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const report of this.#reports.values()) await report.close();
    await this.#texts.close();
  }

  /** From the message to the end of the last process. */
  async #perform(message: JobMessage, common: Common, logger: Logger): Promise<{ end: AttemptEnd; report?: Report }> {
    const id = common.runner.id as RunnerId;
    const spool = await this.#openSpool(message, id);
    if (typeof spool === 'string') return { end: { kind: 'returned', message: spool } };
    const name = attemptName(message);
    const start: Result<'started'> = { ...common, kind: 'started', at: now() };
    const claim = JSON.stringify(signedResult(start, this.#signer));
    const report = new Report(this.#context, id, spool, { signer: this.#signer, claim }, (done) => this.#settled(done));
    this.#claims.set(name, claim);
    this.#reports.set(name, report);
    const attempt = this.#attempt(message, start, spool, logger);
    this.#running.set(name, attempt);
    this.#preparing.delete(name);
    // what was decided while there was nothing yet to tell it to
    const refusal = this.#hooks.refusal(id);
    if (this.#hooks.leaseLeft() === 0) attempt.lose();
    else if (refusal !== undefined) attempt.giveBack(refusal);
    logger.info(`began ${message.repo.name} ${message.sha.slice(0, 12)}: ${message.name}`);
    this.#tellStart(start);
    return { end: await attempt.run(), report };
  }

  /** @returns why the attempt is not begun, where it is not */
  async #openSpool(message: JobMessage, id: RunnerId): Promise<Spool | string> {
    const about = ({ message: text }: DiskProblem) => `runner ${this.#folder.name} cannot work: ${text}`;
    const problem = await this.#disk.check();
    const refusal = this.#hooks.refusal(id) ?? this.#hooks.misplaced(message) ?? (problem && about(problem));
    if (refusal !== undefined) return refusal;
    try {
      return await Spool.create(this.#spools, message, this.#context.config.logLimit * 1_048_576);
    } catch (error) {
      const found = await this.#disk.check();
      if (!found) throw error;
      return about(found);
    }
  }

  #attempt(message: JobMessage, start: Result<'started'>, spool: Spool, logger: Logger): RunningAttempt {
    const { v, job, attempt, runner } = start;
    let revision = 0;
    return new RunningAttempt(message, {
      config: this.#context.config,
      settledIsolation: this.#settledIsolation,
      networks: this.#networks,
      logger,
      runner: this.#folder.name,
      spool,
      disk: this.#disk,
      trees: this.#trees,
      launcherProcess: this.#launcherProcess,
      texts: this.#texts.forJob(attemptName(message)),
      leaseLeft: () => this.#hooks.leaseLeft(),
      opened: (processes) => this.#hooks.scopeOpened(processes),
      ask: (kind, signal) =>
        this.#deliveries.ask(kind, message, runner.id as RunnerId, {
          signal,
          logger,
          // nobody is given anything before the record knows who runs the attempt
          insist: () => this.#tellStart(start),
          slow: (sentence) => {
            logger.warn(sentence);
            void spool.append(Buffer.from(`[volt] ${sentence}\n`));
          },
        }),
      progress: (steps) => {
        const told = { v, kind: 'steps', job, attempt, runner, revision: ++revision, steps } as const;
        const sent = this.#context.queues.sendResult(told, this.#signer);
        sent.catch((error) => logger.debug(`could not tell the steps: ${errorText(error)}`));
      },
    });
  }

  /** The outcome needs no earlier message, so this one may fail. */
  #tellStart(start: Result<'started'>): void {
    this.#context.queues.sendResult(start, this.#signer).catch(() => undefined);
  }

  /** @param report where the attempt was begun */
  async #handIn(end: AttemptEnd, common: Common, report: Report | undefined): Promise<void> {
    if (end.kind === 'finished' && report) {
      const { outcome, begun, steps, outputs, startedAt, finishedAt } = end;
      const times = { startedAt, finishedAt };
      const again = mayBeRepeated(outcome, begun);
      const result = { ...common, kind: 'finished', ...outcome, again, steps, outputs, ...times } as const;
      const tests = end.tests && (await packTests(end.tests, mostResult - sizeOf(result)));
      await report.finish({ ...result, ...(tests && { tests }), logBytes: report.spool.bytes });
      return;
    }
    if (end.kind === 'returned') await this.#return(common, end.message);
    report?.abandon();
  }

  async #return(common: Common, message: string): Promise<void> {
    await this.#tell({ ...common, kind: 'returned', message, at: now() });
  }

  /** What Redis refuses at present is told until it takes it, or the runner ends. */
  async #tell(result: ResultMessage): Promise<void> {
    await untilTaken(() => this.#context.queues.sendResult(result, this.#signer), this.#closing.signal);
  }

  async #whileActive<T>(work: () => Promise<T>): Promise<T> {
    this.#active++;
    try {
      return await work();
    } finally {
      this.#active--;
      this.#tellChanged();
    }
  }

  #settled(report: Report): void {
    this.#reports.delete(attemptName(report.ref));
    this.#backlog.look();
    this.#tellChanged();
  }

  #tellChanged(): void {
    for (const tell of this.#changed) tell();
  }

  async #until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#changed.delete(look);
        resolve();
      };
      this.#changed.add(look);
    });
  }
}

function now(): string {
  return serverTime();
}
