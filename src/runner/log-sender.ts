import type { RedisAccess } from '../redis/connect.ts';
import { chunkStatement, holdsChunk, type LogChunk, largestChunk, longestReference, sendChunk } from '../redis/logs.ts';
import type { Signer } from '../secrets/signing.ts';
import { Bell, pause } from '../system/wait.ts';
import type { Spool } from './spool.ts';

/** Bytes that may be sent without an acknowledgement; this limits what a job uses in Redis. */
const window = 4 * 1024 * 1024;
/** Milliseconds that output is collected before it is sent; a full chunk is sent at once. */
const gathering = 25;
/** After this many milliseconds without an acknowledgement, what Redis no longer has is sent again. */
const patience = 2000;
/** Milliseconds of a wait while nothing has been sent. */
const rest = 60_000;
/** Milliseconds until the next try after Redis has refused a chunk: its memory is full, or it is read-only. */
const refusedPause = 250;

/**
 * Sends a spool to the archive: go-back-N with a bounded window, as in other sliding-window protocols. The archive is
 * always a prefix of the log, so one number acknowledges it, and it does no harm to send bytes twice.
 * How chunks are sent:
 * - `unknown`: with their bytes, one chunk at a time.
 * - `named`: without their bytes. A reporter on this machine has taken the spool's file as the archive's, so a chunk
 *   only says that there is more.
 * - `carried`: with their bytes. The reporter does not see the spool's file, or did not acknowledge it in time.
 */
export class LogSender {
  readonly #access: RedisAccess;
  readonly #runner: string;
  readonly #spool: Spool;
  readonly #signer: Signer;
  readonly #claim: string | undefined;
  #isAnswered = false;
  #mode: 'unknown' | 'named' | 'carried' = 'unknown';
  #sent = 0;
  /** the oldest chunk without an acknowledgement */
  #oldest: { entry: string; end: number } | undefined;
  #archived = 0;
  #lastProgress = performance.now();
  #ended = false;
  #stopped = false;
  readonly #bell = new Bell();
  readonly #loop: Promise<void>;

  /**
   * @param runner id of the runner that sends the log and gets the acknowledgements
   * @param claim the runner's signed statement that it has begun the attempt, as JSON: a reporter that gets the log
   * before the statement sees by it whose log it is
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

  /** Bytes in Redis, as far as this process knows. */
  get carried(): number {
    return this.#mode === 'named' ? 0 : this.#sent - this.#archived;
  }

  /**
   * The archive has that many bytes.
   * @param seesSpool whether the reporter uses the spool's file itself; undefined if it was not asked
   */
  acknowledge(bytes: number, seesSpool?: boolean): void {
    this.#isAnswered = true;
    if (seesSpool === false) this.#carry();
    else if (seesSpool && this.#mode === 'unknown') this.#mode = 'named';
    if (bytes <= this.#archived) return;
    this.#archived = bytes;
    if (this.#oldest && this.#oldest.end <= bytes) this.#oldest = undefined;
    this.#sent = Math.max(this.#sent, bytes);
    this.#lastProgress = performance.now();
    this.#bell.ring();
  }

  /**
   * The archive has no more than this, whatever was acknowledged before: its machine has lost power, or it has begun
   * the log again. A reporter that sees the spool may use its file again.
   */
  goBackTo(bytes: number): void {
    if (bytes >= this.#archived) return;
    this.#archived = bytes;
    this.#sent = bytes;
    this.#oldest = undefined;
    this.#mode = 'unknown';
    this.#lastProgress = performance.now();
    this.#bell.ring();
  }

  /** The log is complete on the disk. What is left is sent at once. */
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
      const size = this.#mode === 'named' ? longestReference : largestChunk;
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

  /** how many bytes may be sent now */
  #room(): number {
    const unacknowledged = this.#sent - this.#archived;
    if (this.#mode === 'unknown') return unacknowledged === 0 ? largestChunk : 0;
    return window - unacknowledged;
  }

  async #sendNext(most: number): Promise<void> {
    const offset = this.#sent;
    const length = Math.min(most, this.#spool.bytes - offset);
    // a reporter that sees the spool may have taken everything while output was collected
    if (length <= 0) return;
    const named = this.#mode === 'named';
    const asks = this.#mode === 'unknown';
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
    // the mode may have changed during the call: nobody can read it there
    if (named && this.#mode !== 'named') return;
    const end = offset + length;
    if (end > this.#archived) this.#oldest ??= { entry, end };
    // an acknowledgement may have come during the call
    this.#sent = Math.max(this.#sent, end);
  }

  async #read(offset: number, length: number): Promise<Buffer> {
    const data = await this.#spool.read(offset, length);
    if (data.length < length) throw new Error('the spool is shorter than what was written to it');
    return data;
  }

  /** Sends the bytes from now on, also of chunks that were sent without. */
  #carry(): void {
    if (this.#mode === 'named') {
      this.#oldest = undefined;
      this.#sent = this.#archived;
      this.#bell.ring();
    }
    this.#mode = 'carried';
  }

  /** While Redis has the oldest chunk, no reporter has read it yet; sending it again would only fill Redis. */
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
