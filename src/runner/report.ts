import { z } from 'zod';
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

/** An outcome that nobody has acknowledged for this long (ms) is reported again. */
const repeatInterval = 5000;

/**
 * What one attempt still owes the record: its log, and its outcome once it has one. It is kept on the disk and told
 * again until a reporter says that the outcome is recorded and all of the log archived, or that nothing of it is wanted.
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
  readonly #telling = new AbortController();
  #settled = false;

  /**
   * @param runner id of the runner that the log is sent as, and that acknowledgements go to
   * @param word see LogSender
   * @param done is called when nothing is owed any more
   */
  constructor(
    context: StageContext,
    runner: string,
    spool: Spool,
    word: { signer: Signer; claim?: string },
    done: () => void,
  ) {
    this.#context = context;
    this.#signer = word.signer;
    this.#logger = context.logger;
    this.ref = spool.ref;
    this.spool = spool;
    this.#sender = new LogSender(context.access, runner, spool, word);
    this.#done = done;
  }

  /**
   * What an earlier process of this runner has left: an outcome that was not recorded, or the log of a lost attempt.
   * @param runner id that the runner has now
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
    // the log of an attempt that may still count is that of the id that has begun it
    const owner = outcome.success ? outcome.data.runner.id : runner;
    const report = new Report(context, owner, await Spool.reopen(folder, left.ref), { signer }, done);
    if (outcome.success) {
      // a crash of the machine may have taken the end of the log, but not that there was an outcome
      const logBytes = Math.min(outcome.data.logBytes, report.spool.bytes);
      report.#tell({ ...outcome.data, logBytes }, JSON.stringify(outcome.data).length).catch(() => undefined);
    } else report.abandon();
    return report;
  }

  /** Whether nothing is owed any more. */
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

  /** Id of the runner that the outcome is reported as; undefined while there is none. */
  get reporter(): RunnerId | undefined {
    return this.#outcome?.runner.id as RunnerId | undefined;
  }

  /** Resolves when Redis has the outcome; from then on it is told until it is recorded. */
  async finish(outcome: Result<'finished'>): Promise<void> {
    const text = JSON.stringify(outcome);
    await this.spool.keepOutcome(text).catch((error) => {
      this.#logger.warn(`could not keep the outcome of ${attemptName(this.ref)} on the disk: ${String(error)}`);
    });
    await this.#tell(outcome, text.length);
  }

  /** There is no outcome to hand in; the log so far is still sent, for people who want to know what happened. */
  abandon(): void {
    this.#sender.end();
    if (this.#sender.archived >= this.spool.bytes) this.#settle();
  }

  archived({ bytes, seesSpool, isShort }: Extract<RunnerNotice, { kind: 'archived' }>): void {
    if (isShort) this.#sender.goBackTo(bytes);
    this.#sender.acknowledge(bytes, seesSpool);
    if (this.#outcome === undefined && this.#sender.ended && bytes >= this.spool.bytes) this.#settle();
  }

  /** @param bytes of the log that are archived; undefined where nothing of the attempt is wanted */
  recorded(bytes?: number): void {
    if (bytes !== undefined) {
      this.#sender.goBackTo(bytes);
      this.#sender.acknowledge(bytes);
    }
    if (bytes === undefined || bytes >= this.spool.bytes) this.#settle();
  }

  /** Stops telling; what is owed stays on the disk for the next start. */
  async close(): Promise<void> {
    this.#stopTelling();
    await this.#sender.stop();
    if (!this.#settled) await this.spool.close();
  }

  async #tell(outcome: Result<'finished'>, size: number): Promise<void> {
    this.#outcome = outcome;
    this.#outcomeSize = size;
    this.#sender.end();
    this.#repeat = setInterval(() => void this.#send(outcome).catch(() => undefined), repeatInterval);
    await untilTaken(() => this.#send(outcome), this.#telling.signal);
  }

  #stopTelling(): void {
    clearInterval(this.#repeat);
    this.#telling.abort();
  }

  #send(message: ResultMessage): Promise<void> {
    return this.#context.queues.sendResult(message, this.#signer);
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#stopTelling();
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
