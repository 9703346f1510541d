import { pause } from '../kernel/wait.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { holdsChunk, sendChunk } from '../redis/logs.ts';
import type { Spool } from './spool.ts';

/** Bytes of one chunk. */
const chunkSize = 256 * 1024;
/** Bytes that may be under way without acknowledgement; bounds what a job costs in Redis. */
const window = 4 * 1024 * 1024;
/** Output is gathered this long (ms) before it is sent; a full chunk goes at once. */
const gathering = 25;
/** Without an acknowledgement for this long (ms), what Redis does not hold any more is sent again. */
const patience = 2000;
/** After Redis has refused a chunk (its memory is full, or it reads only), it is left alone for this long (ms). */
const refusedPause = 250;

/**
 * Carries a spool to the archive: go-back-N with a bounded window, as in any sliding-window protocol. The archive is a
 * prefix of the log, so one number acknowledges, and sending bytes twice does no harm.
 */
export class LogSender {
  readonly #access: RedisAccess;
  readonly #runner: string;
  readonly #spool: Spool;
  #sent = 0;
  /** the oldest chunk that is not acknowledged */
  #oldest: { entry: string; end: number } | undefined;
  #archived = 0;
  #lastProgress = performance.now();
  #ended = false;
  #stopped = false;
  #wake: () => void = () => {};
  #awake = false;
  readonly #loop: Promise<void>;

  /** @param runner id of the runner that acknowledgements go to */
  constructor(access: RedisAccess, runner: string, spool: Spool) {
    this.#access = access;
    this.#runner = runner;
    this.#spool = spool;
    spool.onChange(() => this.#rouse());
    this.#loop = this.#send();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** bytes that the archive has */
  get archived(): number {
    return this.#archived;
  }

  /** The archive has come so far. */
  acknowledge(bytes: number): void {
    if (bytes <= this.#archived) return;
    this.#archived = bytes;
    if (this.#oldest && this.#oldest.end <= bytes) this.#oldest = undefined;
    this.#sent = Math.max(this.#sent, bytes);
    this.#lastProgress = performance.now();
    this.#rouse();
  }

  /** The log is complete on the disk: what is left is sent at once. */
  end(): void {
    this.#ended = true;
    this.#rouse();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#rouse();
    await this.#loop;
  }

  async #send(): Promise<void> {
    while (!this.#stopped) {
      if (this.#sent > this.#archived && performance.now() - this.#lastProgress > patience) {
        await this.#goBack().catch(() => undefined);
      }
      const ready = this.#spool.bytes - this.#sent;
      const room = this.#archived + window - this.#sent;
      if (ready <= 0 || room <= 0) {
        await this.#sleep(patience / 4);
        continue;
      }
      if (ready < chunkSize && !this.#ended) await this.#gather();
      if (this.#sent === this.#archived) this.#lastProgress = performance.now();
      await this.#sendNext(Math.min(chunkSize, room)).catch(() => pause(refusedPause));
    }
  }

  async #sendNext(most: number): Promise<void> {
    const offset = this.#sent;
    const data = await this.#spool.read(offset, most);
    if (data.length === 0) throw new Error('the spool is shorter than what was written to it');
    const entry = await sendChunk(this.#access, { ...this.#spool.ref, runner: this.#runner, offset, data });
    if (offset + data.length > this.#archived) this.#oldest ??= { entry, end: offset + data.length };
    // an acknowledgement that came meanwhile may have gone further
    this.#sent = Math.max(this.#sent, offset + data.length);
  }

  /** While the stream holds the oldest chunk, nobody has come to read it, and sending it again would only pile up. */
  async #goBack(): Promise<void> {
    this.#lastProgress = performance.now();
    if (this.#oldest && (await holdsChunk(this.#access, this.#oldest.entry))) return;
    this.#oldest = undefined;
    this.#sent = this.#archived;
  }

  async #gather(): Promise<void> {
    const until = performance.now() + gathering;
    while (!this.#ended && !this.#stopped && performance.now() < until && this.#spool.bytes - this.#sent < chunkSize) {
      await this.#sleep(until - performance.now());
    }
  }

  #rouse(): void {
    this.#awake = true;
    this.#wake();
  }

  /** Until something has changed, or the time has passed. */
  async #sleep(ms: number): Promise<void> {
    if (!this.#awake) {
      const stop = new AbortController();
      this.#wake = () => stop.abort();
      await pause(Math.max(ms, 1), stop.signal);
      this.#wake = () => {};
    }
    this.#awake = false;
  }
}
