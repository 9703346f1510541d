import { spoolFile } from '../kernel/data-paths.ts';
import { attemptName, type RunnerId } from '../kernel/model.ts';
import type { Problems } from '../kernel/problems.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import type { RedisConnection } from '../redis/connect.ts';
import {
  type Chunks,
  claimChunks,
  dropChunks,
  forgetConsumers,
  leaveGroup,
  type ReceivedChunk,
  receiveChunks,
  settleChunks,
} from '../redis/logs.ts';
import { pause, type Repeating } from '../system/wait.ts';
import type { Archive } from './archive.ts';
import { LogOwners } from './log-owners.ts';

/** Milliseconds after which a chunk that a reporter took and has not archived is taken over. */
const abandoned = 5000;
/** Milliseconds of one wait for chunks. */
const block = 2000;
/** Milliseconds after which a reporter that has no chunks and reads none counts as gone. */
const silent = 60_000;

/**
 * Moves log chunks from Redis into the archive, and acknowledges them to their runners. A chunk is in the stream → taken by a
 * collector → archived and removed. If its log cannot be written, it stays taken until it is `abandoned` and a collector
 * tries it again. Entries that are not chunks become dead letters. A log that cannot be written holds up no other log.
 */
export class Collector {
  readonly #context: StageContext & { database: Database; problems: Problems };
  readonly #archive: Archive;
  readonly #owners: LogOwners;
  readonly #blocking: RedisConnection;
  readonly #consumer: string;
  readonly #claiming: Repeating;
  readonly #loop: Promise<void>;
  #stopped = false;

  /**
   * @param consumer name of this reporter among all of them
   * @param receiveClaim handles a runner's claim that it has started an attempt, as received
   */
  constructor(
    context: StageContext & { database: Database; problems: Problems },
    archive: Archive,
    consumer: string,
    receiveClaim: (content: unknown) => Promise<void>,
  ) {
    this.#context = context;
    this.#owners = new LogOwners(context, receiveClaim);
    this.#archive = archive;
    this.#consumer = consumer;
    this.#blocking = context.access.open(`collector ${consumer}`);
    this.#loop = this.#collect();
    this.#claiming = context.problems.every(abandoned, 'taking over log chunks of other reporters', () =>
      this.#takeOver(),
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#claiming.stop();
    this.#blocking.disconnect();
    await this.#loop;
    await leaveGroup(this.#context.access, this.#consumer).catch(() => undefined);
  }

  async #collect(): Promise<void> {
    const what = 'receiving logs';
    while (!this.#stopped) {
      try {
        await this.#store(await receiveChunks(this.#context.access, this.#blocking, this.#consumer, block));
        this.#context.problems.clear(what);
      } catch (error) {
        if (this.#stopped) return;
        this.#context.problems.note(what, error);
        await pause(500);
      }
    }
  }

  async #takeOver(): Promise<void> {
    const { access } = this.#context;
    let from: string | undefined;
    do {
      const { chunks, next } = await claimChunks(access, this.#consumer, abandoned, from);
      await this.#store(chunks);
      from = next;
    } while (from !== undefined && !this.#stopped);
    await forgetConsumers(access, silent);
    await this.#archive.closeIdle();
  }

  async #store({ chunks, strange }: Chunks): Promise<void> {
    const { access, queues, logger } = this.#context;
    for (const entry of strange) {
      logger.error('made an entry of the log stream a dead letter: it is not a log chunk', { entry: entry.id });
      await queues.setAside(`logs ${entry.id}`, entry.fields);
    }
    await dropChunks(
      access,
      strange.map(({ id }) => id),
    );
    const byLog = new Map<string, ReceivedChunk[]>();
    for (const chunk of chunks) byLog.set(attemptName(chunk), [...(byLog.get(attemptName(chunk)) ?? []), chunk]);
    await Promise.all([...byLog].map(([name, pieces]) => this.#storeLog(name, pieces)));
  }

  async #append(piece: ReceivedChunk): Promise<number> {
    if (!piece.data) return this.#archive.length(piece);
    return this.#archive.append(piece, piece.offset, piece.data, piece.sentAt);
  }

  /** @returns the length of the log; undefined where the runner must send its bytes */
  async #adopt(piece: ReceivedChunk): Promise<number | undefined> {
    // an id of another form than name~epoch may try to name a path elsewhere
    const runner = /^([A-Za-z0-9][\w.-]*)~\w+$/.exec(piece.runner)?.[1];
    if (piece.spool === undefined || runner === undefined) return undefined;
    const spool = spoolFile(this.#context.config.dataDir, runner, piece);
    return this.#archive.adopt(piece, spool, piece.spool, piece.sentAt);
  }

  /** Stores chunks of one log. One that cannot be written, and those after it, stay in the stream for the next try. */
  async #storeLog(name: string, pieces: ReceivedChunk[]): Promise<void> {
    const { access, problems } = this.#context;
    const done: ReceivedChunk[] = [];
    const refused: string[] = [];
    let bytes = 0;
    let seesSpool: boolean | undefined;
    await problems.alone(`archiving the log of ${name}`, async () => {
      for (const piece of pieces) {
        if (!(await this.#owners.admit(piece))) {
          refused.push(piece.entry);
          continue;
        }
        const adopted = await this.#adopt(piece);
        if (piece.spool !== undefined) seesSpool = adopted !== undefined;
        bytes = adopted ?? (await this.#append(piece));
        done.push(piece);
      }
    });
    await dropChunks(access, refused);
    const last = done.at(-1);
    if (!last) return;
    const { job, attempt } = last;
    // a chunk beyond the archive's end is removed as well: its runner sends everything after the end again
    await settleChunks(
      access,
      done.map(({ entry }) => entry),
      last.runner as RunnerId,
      { kind: 'archived', job, attempt, bytes, seesSpool, ...(last.offset > bytes && { isShort: true }) },
    );
  }
}
