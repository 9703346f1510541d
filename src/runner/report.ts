import * as z from 'zod';
import type { Logger } from '../kernel/logger.ts';
import { type AttemptRef, attemptName, type RunnerId } from '../kernel/model.ts';
import { type Result, type ResultMessage, resultMessage } from '../queues/messages.ts';
import type { StageContext } from '../queues/stage.ts';
import type { RunnerNotice } from '../redis/channels.ts';
import { untilTaken } from '../redis/refusal.ts';
import type { Signer } from '../secrets/signing.ts';
import type { Unrecorded } from './backlog.ts';
import { LogSender } from './log-sender.ts';
import { type LeftSpool, Spool } from './spool.ts';

/** Milliseconds until an outcome that no reporter has acknowledged is sent again. */
const repeatInterval = 5000;

/**
 * What of one attempt is not recorded yet: its log, and its outcome once it has one. Both are kept on the disk and sent
 * again until a reporter says that the outcome is recorded and the log archived, or that neither is needed.
 */
export class Report implements Unrecorded {
  readonly ref: AttemptRef;
  readonly spool: Spool;
  readonly #context: StageContext;
  readonly #signer: Signer;
  readonly #logger: Logger;
  readonly #sender: LogSender;
  readonly #done: () => void;
  #outcome: Result<'finished'> | undefined;
  #outcomeSize = 0;
  #repeat: NodeJS.Timeout | undefined;
  readonly #reporting = new AbortController();
  #settled = false;

  /**
   * @param runner id of the runner that sends the log and gets the acknowledgements
   * @param statement see LogSender
   * @param done is called when everything is recorded
   */
  constructor(
    context: StageContext,
    runner: string,
    spool: Spool,
    statement: { signer: Signer; claim?: string },
    done: () => void,
  ) {
    this.#context = context;
    this.#signer = statement.signer;
    this.#logger = context.logger;
    this.ref = spool.ref;
    this.spool = spool;
    this.#sender = new LogSender(context.access, runner, spool, statement);
    this.#done = done;
  }

  /**
   * What an earlier process of this runner has left: an outcome that was not recorded, or the log of a lost attempt.
   * @param runner the present id
   */
  static async reopen(
    context: StageContext,
    runner: string,
    signer: Signer,
    folder: string,
    left: LeftSpool,
    done: () => void,
  ): Promise<Report> {
    const outcome = finished.safeParse(left.outcome);
    // the log of an attempt with an outcome belongs to the id that began the attempt
    const owner = outcome.success ? outcome.data.runner.id : runner;
    const report = new Report(context, owner, await Spool.reopen(folder, left.ref), { signer }, done);
    if (outcome.success) {
      // after a crash of the machine the end of the log may be missing, but the outcome counts
      const logBytes = Math.min(outcome.data.logBytes, report.spool.bytes);
      report.#report({ ...outcome.data, logBytes }, JSON.stringify(outcome.data).length).catch(() => undefined);
    } else report.abandon();
    return report;
  }

  /** Whether everything is recorded. */
  get isSettled(): boolean {
    return this.#settled;
  }

  get hasOutcome(): boolean {
    return this.#outcome !== undefined;
  }

  get isOver(): boolean {
    return this.#sender.ended;
  }

  get inRedis(): number {
    return this.#outcomeSize + this.#sender.carried;
  }

  get onDisk(): number {
    return Math.max(this.spool.bytes - this.#sender.archived, 0);
  }

  /** Id of the runner that the outcome names; undefined without an outcome. */
  get reporter(): RunnerId | undefined {
    return this.#outcome?.runner.id as RunnerId | undefined;
  }

  /** Resolves when Redis has the outcome, which is sent again until it is recorded. */
  async finish(outcome: Result<'finished'>): Promise<void> {
    const text = JSON.stringify(outcome);
    await this.spool.keepOutcome(text).catch((error) => {
      this.#logger.warn(`could not keep the outcome of ${attemptName(this.ref)} on the disk: ${String(error)}`);
    });
    await this.#report(outcome, text.length);
  }

  /** There is no outcome. The log so far is still sent, so that people can see what happened. */
  abandon(): void {
    this.#sender.end();
    if (this.#sender.archived >= this.spool.bytes) this.#settle();
  }

  archived({ bytes, seesSpool, isShort }: Extract<RunnerNotice, { kind: 'archived' }>): void {
    if (isShort) this.#sender.goBackTo(bytes);
    this.#sender.acknowledge(bytes, seesSpool);
    if (this.#outcome === undefined && this.#sender.ended && bytes >= this.spool.bytes) this.#settle();
  }

  /** @param bytes of the log that are archived; undefined if the attempt counts no more */
  recorded(bytes?: number): void {
    if (bytes !== undefined) {
      this.#sender.goBackTo(bytes);
      this.#sender.acknowledge(bytes);
    }
    if (bytes === undefined || bytes >= this.spool.bytes) this.#settle();
  }

  /** Stops reporting. What is not recorded stays on the disk for the next start. */
  async close(): Promise<void> {
    this.#stopReporting();
    await this.#sender.stop();
    if (!this.#settled) await this.spool.close();
  }

  async #report(outcome: Result<'finished'>, size: number): Promise<void> {
    this.#outcome = outcome;
    this.#outcomeSize = size;
    this.#sender.end();
    this.#repeat = setInterval(() => void this.#send(outcome).catch(() => undefined), repeatInterval);
    await untilTaken(() => this.#send(outcome), this.#reporting.signal);
  }

  #stopReporting(): void {
    clearInterval(this.#repeat);
    this.#reporting.abort();
  }

  #send(message: ResultMessage): Promise<void> {
    return this.#context.queues.sendResult(message, this.#signer);
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#stopReporting();
    void this.#sender
      .stop()
      .then(() => this.spool.remove())
      .catch((error) => this.#logger.warn(`could not remove the spool of ${attemptName(this.ref)}: ${String(error)}`));
    this.#done();
  }
}

const finished = resultMessage.pipe(
  z.custom<Result<'finished'>>((message) => (message as ResultMessage).kind === 'finished'),
);
