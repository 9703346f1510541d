import { mayBeRepeated, runnerFailed } from '../job/outcome.ts';
import { sizeOf } from '../job/result-size.ts';
import { errorText } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { type AttemptRef, attemptName, type Reason, type RunnerId } from '../kernel/model.ts';
import { serverTime } from '../kernel/server-time.ts';
import type { JobMessage, Result, ResultMessage } from '../queues/messages.ts';
import { packTests } from '../queues/packed-tests.ts';
import { signedResult } from '../queues/queues.ts';
import type { RunnerNotice } from '../redis/channels.ts';
import { isRefused, untilTaken } from '../redis/refusal.ts';
import { type AttemptEnd, RunningAttempt } from './attempt.ts';
import type { DiskProblem } from './disk-watch.ts';
import { Report } from './report.ts';
import type { AttemptServices } from './services.ts';
import { type LeftSpool, Spool } from './spool.ts';

/** Bytes of an outcome that the results of single tests may fill up; a message has at most 1,048,576. */
const mostResult = 1_000_000;

/**
 * States of an attempt on its runner, each with those that may follow:
 * - `preparing`: its message was taken. The runner checks the disk and makes the file of its log.
 * - `running`: its job runs.
 * - `handing_in`: no process of the job is left. What became of it is sent to Redis, until Redis takes it.
 * - `reporting`: Redis has taken the outcome. It is sent again until a reporter says that it is recorded.
 * - `archiving`: there is no outcome to report, since the attempt was returned or lost. Its log so far is still sent.
 * - `reopened`: an earlier process of this runner has left it on the disk.
 * - `over`: nothing is left of it.
 */
const nextStates = {
  preparing: ['running', 'handing_in'],
  running: ['handing_in'],
  handing_in: ['reporting', 'archiving', 'over'],
  reopened: ['reporting', 'archiving', 'over'],
  reporting: ['over'],
  archiving: ['over'],
  over: [],
} as const;

type State = keyof typeof nextStates;

/** What every result of one attempt begins with. */
type Common = Pick<Result<'steps'>, 'v' | 'job' | 'attempt' | 'runner'>;

/** What an execution asks its runner. */
export interface ExecutionHooks {
  /** why the runner with that id begins no attempt any more; undefined while it does */
  refusal(runner: RunnerId): string | undefined;
  /** why the job is not for this runner; undefined if it is */
  unsuitable(message: JobMessage): string | undefined;
  /** the state has changed */
  changed(): void;
  /** aborts when the runner ends: what Redis refuses is not sent again then */
  closing: AbortSignal;
}

/** One attempt on this runner, from its message to the end of its report. */
export class Execution {
  readonly ref: AttemptRef;
  readonly #services: AttemptServices;
  readonly #hooks: ExecutionHooks;
  #state: State;
  #attempt: RunningAttempt | undefined;
  #report: Report | undefined;
  /** the runner's signed statement that it has begun the attempt, as JSON */
  #claim: string | undefined;

  private constructor(ref: AttemptRef, services: AttemptServices, hooks: ExecutionHooks, state: State) {
    this.ref = ref;
    this.#services = services;
    this.#hooks = hooks;
    this.#state = state;
  }

  /** One that is to be run. */
  static of({ job, attempt }: AttemptRef, services: AttemptServices, hooks: ExecutionHooks): Execution {
    return new Execution({ job, attempt }, services, hooks, 'preparing');
  }

  /** One whose log, and perhaps outcome, an earlier process of this runner has left. @param runner the present id */
  static async reopen(
    runner: RunnerId,
    left: LeftSpool,
    services: AttemptServices,
    hooks: ExecutionHooks,
  ): Promise<Execution> {
    const execution = new Execution(left.ref, services, hooks, 'reopened');
    execution.#report = await Report.reopen(services, runner, services.key.signer, services.spools, left, () =>
      execution.#settled(),
    );
    execution.#leave();
    return execution;
  }

  get name(): string {
    return attemptName(this.ref);
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** Whether processes of the job exist, or may at any moment. */
  get isActive(): boolean {
    return this.#state === 'preparing' || this.#state === 'running';
  }

  /** Whether no other runner may have the job. */
  get isClaimed(): boolean {
    return this.#state === 'preparing' || (this.#isHeld && !this.#attempt?.isLost);
  }

  /** Whether it has an outcome that is not recorded yet. */
  get isReporting(): boolean {
    return this.#state === 'reporting';
  }

  get claim(): string | undefined {
    return this.#isHeld ? this.#claim : undefined;
  }

  /** The attempt until Redis has taken its outcome. */
  get attempt(): RunningAttempt | undefined {
    return this.#isHeld ? this.#attempt : undefined;
  }

  get report(): Report | undefined {
    return this.#report;
  }

  hear(notice: RunnerNotice): void {
    if (notice.kind === 'archived') this.#report?.archived(notice);
    else if (notice.kind === 'recorded') this.#report?.recorded(notice.bytes);
    else if (notice.kind === 'cancel') this.attempt?.cancel(notice.message, notice.reason);
    else if (notice.kind === 'lose') this.attempt?.lose('the dispatcher has taken the job back');
  }

  /**
   * Runs the job, and resolves when Redis has its outcome.
   * @param id of the runner that has taken the message
   * @returns whether the attempt is over; false if another runner may have the job
   */
  async run(message: JobMessage, id: RunnerId): Promise<boolean> {
    const { logger: parent, folder, config } = this.#services;
    const { repo, build, job, attempt } = message;
    const logger = parent.child({ runner: id, repo: repo.name, build, job, attempt });
    const common: Common = { v: 1, job, attempt, runner: { id, name: folder.name, host: config.host } };
    try {
      const end = await this.#perform(message, common, logger).finally(() => this.#move('handing_in'));
      await this.#handIn(end, common);
      logger.info(end.kind === 'finished' ? `ended: ${end.outcome.status}` : `ended: ${end.kind}, ${end.message}`);
      return end.kind !== 'lost';
    } catch (error) {
      // the runner ends before Redis takes the outcome: it is on the disk for the next start, or the job is taken back
      if (isRefused(error)) throw error;
      logger.error(`cannot run the job: ${errorText(error)}`);
      const { outcome } = runnerFailed(`the runner cannot run jobs: ${errorText(error)}`);
      await this.#send({ ...common, ...withoutSteps(), ...outcome, again: mayBeRepeated(outcome, !!this.#attempt) });
      return true;
    } finally {
      this.#leave();
    }
  }

  /** Reports an attempt whose message cannot be understood, so that its job does not wait for ever. */
  async refuse(why: string, id: RunnerId): Promise<void> {
    const { folder, config } = this.#services;
    const { name } = folder;
    const message = `runner ${name} does not understand the job's message: ${why}`;
    const outcome = { status: 'error', reason: 'bad_message' satisfies Reason, message, exitCode: null } as const;
    await this.#send({ v: 1, ...this.ref, runner: { id, name, host: config.host }, ...withoutSteps(), ...outcome });
  }

  get #isHeld(): boolean {
    return this.#state === 'running' || this.#state === 'handing_in';
  }

  #move(to: State): void {
    const allowed: readonly State[] = nextStates[this.#state];
    if (!allowed.includes(to)) throw new Error(`attempt ${this.name} cannot go from ${this.#state} to ${to}`);
    this.#state = to;
    this.#hooks.changed();
  }

  /** What is left when nothing is handed in any more. */
  #leave(): void {
    const report = this.#report;
    if (!report || report.isSettled) this.#move('over');
    else this.#move(report.hasOutcome ? 'reporting' : 'archiving');
  }

  /** Everything is recorded. While the outcome is still being sent, `#leave` ends the attempt. */
  #settled(): void {
    if (this.#state === 'reporting' || this.#state === 'archiving') this.#move('over');
  }

  /** From the message to the end of the last process. */
  async #perform(message: JobMessage, common: Common, logger: Logger): Promise<AttemptEnd> {
    const { key, lease } = this.#services;
    const { signer } = key;
    const id = common.runner.id as RunnerId;
    const spool = await this.#openSpool(message, id);
    if (typeof spool === 'string') return { kind: 'returned', message: spool };
    const start: Result<'started'> = { ...common, kind: 'started', at: serverTime() };
    const claim = JSON.stringify(signedResult(start, signer));
    this.#claim = claim;
    this.#report = new Report(this.#services, id, spool, { signer, claim }, () => this.#settled());
    const attempt = this.#begin(message, start, spool, logger);
    this.#attempt = attempt;
    this.#move('running');
    // what was decided before there was an attempt
    const refusal = this.#hooks.refusal(id);
    if (lease.left() === 0) attempt.lose('the lease ran out before the job began');
    else if (refusal !== undefined) attempt.giveBack(refusal);
    logger.info(`began ${message.repo.name} ${message.sha.slice(0, 12)}: ${message.name}`);
    this.#reportStart(start);
    return attempt.run();
  }

  /** @returns a sentence instead if the attempt is not begun */
  async #openSpool(message: JobMessage, id: RunnerId): Promise<Spool | string> {
    const { disk, folder, spools, config } = this.#services;
    const about = ({ message: text }: DiskProblem) => `runner ${folder.name} cannot work: ${text}`;
    const problem = await disk.check();
    const refusal = this.#hooks.refusal(id) ?? this.#hooks.unsuitable(message) ?? (problem && about(problem));
    if (refusal !== undefined) return refusal;
    try {
      return await Spool.create(spools, message, config.logLimit * 1_048_576);
    } catch (error) {
      const found = await disk.check();
      if (!found) throw error;
      return about(found);
    }
  }

  #begin(message: JobMessage, start: Result<'started'>, spool: Spool, logger: Logger): RunningAttempt {
    const { secretRequests, queues, key } = this.#services;
    const { v, job, attempt, runner } = start;
    let revision = 0;
    return new RunningAttempt(message, this.#services, {
      logger,
      spool,
      ask: (asked, signal) =>
        secretRequests.ask(asked, message, runner.id as RunnerId, {
          signal,
          logger,
          // dispatchers answer nobody before the database knows who runs the attempt
          insist: () => this.#reportStart(start),
          slow: (sentence) => {
            logger.warn(sentence);
            void spool.append(Buffer.from(`[volt] ${sentence}\n`));
          },
        }),
      progress: (steps) => {
        const message = { v, kind: 'steps', job, attempt, runner, revision: ++revision, steps } as const;
        const sent = queues.sendResult(message, key.signer);
        sent.catch((error) => logger.debug(`could not send the steps: ${errorText(error)}`));
      },
    });
  }

  /** The outcome needs no earlier message, so this one may fail. */
  #reportStart(start: Result<'started'>): void {
    const { queues, key } = this.#services;
    queues.sendResult(start, key.signer).catch(() => undefined);
  }

  async #handIn(end: AttemptEnd, common: Common): Promise<void> {
    const report = this.#report;
    if (end.kind === 'finished' && report) {
      const { outcome, begun, steps, outputs, url, image, startedAt, finishedAt } = end;
      const times = { startedAt, finishedAt };
      const again = mayBeRepeated(outcome, begun);
      const result = { ...common, kind: 'finished', ...outcome, again, steps, outputs, url, image, ...times } as const;
      const tests = end.tests && (await packTests(end.tests, mostResult - sizeOf(result)));
      await report.finish({ ...result, ...(tests && { tests }), logBytes: report.spool.bytes });
      return;
    }
    if (end.kind === 'returned') await this.#send({ ...common, ...end, at: serverTime() });
    report?.abandon();
  }

  /** Sends a result until Redis takes it, or the runner ends. */
  async #send(result: ResultMessage): Promise<void> {
    const { queues, key } = this.#services;
    await untilTaken(() => queues.sendResult(result, key.signer), this.#hooks.closing);
  }
}

/** The outcome of an attempt that ran no step. */
function withoutSteps(): Pick<Result<'finished'>, 'kind' | 'steps' | 'logBytes' | 'startedAt' | 'finishedAt'> {
  const now = serverTime();
  return { kind: 'finished', steps: [], logBytes: 0, startedAt: now, finishedAt: now };
}
