import type { RedisAccess } from '../redis/connect.ts';
import { chunkStatement, holdsChunk, type LogChunk, mostCarried, mostNamed, sendChunk } from '../redis/logs.ts';
import type { Signer } from '../secrets/signing.ts';
import { Bell, pause } from '../system/wait.ts';
import type { Spool } from './spool.ts';

/** Bytes that may be under way without acknowledgement; bounds what a job costs in Redis. */
const window = 4 * 1024 * 1024;
/** Output is gathered this long (ms) before it is sent; a full chunk goes at once. */
const gathering = 25;
/** Without an acknowledgement for this long (ms), what Redis does not hold any more is sent again. */
const patience = 2000;
/** While nothing is under way, there is nothing to look after (ms). */
const rest = 60_000;
/** After Redis has refused a chunk (its memory is full, or it reads only), it is left alone for this long (ms). */
const refusedPause = 250;

/**
 * Carries a spool to the archive: go-back-N with a bounded window, as in any sliding-window protocol. The archive is a
 * prefix of the log, so one number acknowledges, and sending bytes twice does no harm.
 *
 * How the bytes travel: `unknown` (in the chunks, one at a time) → (a reporter sees the spool, and its file is the
 * archive's, too) `named`: chunks say only that there is more, so that neither Redis nor anybody else copies it; → (one
 * does not see it, or nothing comes of it) `carried`: in the chunks, from then on.
 */
export class LogSender {
  readonly #access: RedisAccess;
  readonly #runner: string;
  readonly #spool: Spool;
  readonly #signer: Signer;
  readonly #claim: string | undefined;
  #isAnswered = false;
  #way: 'unknown' | 'named' | 'carried' = 'unknown';
  #sent = 0;
  /** the oldest chunk that is not acknowledged */
  #oldest: { entry: string; end: number } | undefined;
  #archived = 0;
  #lastProgress = performance.now();
  #ended = false;
  #stopped = false;
  readonly #bell = new Bell();
  readonly #loop: Promise<void>;

  /**
   * @param runner id of the runner that the log is sent as, and that acknowledgements go to
   * @param word what it signs with, and its signed word that it has begun the attempt, as JSON: a reporter that meets the
   * log before that word knows by it whose log it is
   */
  constructor(
    access: RedisAccess,
    runner: string,
    spool: Spool,
    { signer, claim }: { signer: Signer; claim?: string },
  ) {
    this.#signer = signer;
    this.#claim = claim;
    this.#access = access;
    this.#runner = runner;
    this.#spool = spool;
    spool.onChange(() => this.#bell.ring());
    this.#loop = this.#send();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** bytes that the archive has */
  get archived(): number {
    return this.#archived;
  }

  /** Bytes that Redis carries, as far as is known. */
  get carried(): number {
    return this.#way === 'named' ? 0 : this.#sent - this.#archived;
  }

  /**
   * The archive has come so far.
   * @param seesSpool whether the reporter that says so has taken the spool's file for its own; undefined where it was not asked
   */
  acknowledge(bytes: number, seesSpool?: boolean): void {
    this.#isAnswered = true;
    if (seesSpool === false) this.#carry();
    else if (seesSpool && this.#way === 'unknown') this.#way = 'named';
    if (bytes <= this.#archived) return;
    this.#archived = bytes;
    if (this.#oldest && this.#oldest.end <= bytes) this.#oldest = undefined;
    this.#sent = Math.max(this.#sent, bytes);
    this.#lastProgress = performance.now();
    this.#bell.ring();
  }

  /**
   * The archive has no more than this, whatever was said before: its machine has lost power, or it has begun the log anew.
   * Somebody who sees the spool may take that once more.
   */
  goBackTo(bytes: number): void {
    if (bytes >= this.#archived) return;
    this.#archived = bytes;
    this.#sent = bytes;
    this.#oldest = undefined;
    this.#way = 'unknown';
    this.#lastProgress = performance.now();
    this.#bell.ring();
  }

  /** The log is complete on the disk: what is left is sent at once. */
  end(): void {
    this.#ended = true;
    this.#bell.ring();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#bell.ring();
    await this.#loop;
  }

  async #send(): Promise<void> {
    while (!this.#stopped) {
      if (this.#sent > this.#archived && performance.now() - this.#lastProgress > patience) {
        await this.#goBack().catch(() => undefined);
      }
      const ready = this.#spool.bytes - this.#sent;
      const size = this.#way === 'named' ? mostNamed : mostCarried;
      const room = this.#room();
      if (ready <= 0 || room <= 0) {
        await this.#bell.wait(this.#sent > this.#archived ? patience / 4 : rest);
        continue;
      }
      if (ready < size && !this.#ended) await this.#gather(size);
      if (this.#sent === this.#archived) this.#lastProgress = performance.now();
      await this.#sendNext(Math.min(size, room)).catch(() => pause(refusedPause));
    }
  }

  /** bytes that may be sent now */
  #room(): number {
    const unacknowledged = this.#sent - this.#archived;
    if (this.#way === 'unknown') return unacknowledged === 0 ? mostCarried : 0;
    return window - unacknowledged;
  }

  async #sendNext(most: number): Promise<void> {
    const offset = this.#sent;
    const length = Math.min(most, this.#spool.bytes - offset);
    // while more was gathered, a reporter that sees the spool has taken what there was
    if (length <= 0) return;
    const named = this.#way === 'named';
    const asks = this.#way === 'unknown';
    const chunk: LogChunk = {
      ...{ ...this.#spool.ref, runner: this.#runner, offset, length },
      ...(named ? {} : { data: await this.#read(offset, length) }),
      ...(named || asks ? { spool: this.#spool.identity } : {}),
    };
    const entry = await sendChunk(this.#access, {
      ...chunk,
      signature: this.#signer.sign('runner log', chunkStatement(chunk)),
      ...(this.#claim !== undefined && !this.#isAnswered && { claim: this.#claim }),
    });
    // meanwhile it has turned out that nobody can read it there
    if (named && this.#way !== 'named') return;
    const end = offset + length;
    if (end > this.#archived) this.#oldest ??= { entry, end };
    // an acknowledgement that came meanwhile may have gone further
    this.#sent = Math.max(this.#sent, end);
  }

  async #read(offset: number, length: number): Promise<Buffer> {
    const data = await this.#spool.read(offset, length);
    if (data.length < length) throw new Error('the spool is shorter than what was written to it');
    return data;
  }

  /** What was only named is sent again. */
  #carry(): void {
    if (this.#way === 'named') {
      this.#oldest = undefined;
      this.#sent = this.#archived;
      this.#bell.ring();
    }
    this.#way = 'carried';
  }

  /** While the stream holds the oldest chunk, nobody has come to read it, and sending it again would only pile up. */
  async #goBack(): Promise<void> {
    this.#lastProgress = performance.now();
    if (this.#oldest && (await holdsChunk(this.#access, this.#oldest.entry))) return;
    this.#carry();
    this.#oldest = undefined;
    this.#sent = this.#archived;
  }

  async #gather(size: number): Promise<void> {
    const until = performance.now() + gathering;
    while (!this.#ended && !this.#stopped && performance.now() < until && this.#spool.bytes - this.#sent < size) {
      await this.#bell.wait(Math.max(until - performance.now(), 1));
    }
  }
}
