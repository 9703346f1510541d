import { errorText } from '../kernel/errors.ts';
import { attemptName, type RunnerId } from '../kernel/model.ts';
import { every, pause, type Repeating } from '../kernel/wait.ts';
import type { StageContext } from '../queues/stage.ts';
import { announceGrowth, notifyRunner } from '../redis/channels.ts';
import type { RedisConnection } from '../redis/connect.ts';
import { claimChunks, dropChunks, type ReceivedChunk, receiveChunks } from '../redis/logs.ts';
import type { Archive } from './archive.ts';

/** A chunk that a reporter has held this long (ms) without archiving it is taken over: that reporter has died. */
const abandoned = 5000;
/** Milliseconds that one wait for chunks lasts. */
const block = 2000;

/** Moves chunks of logs from Redis into the archive, and acknowledges them to their runners. */
export class Collector {
  readonly #context: StageContext;
  readonly #archive: Archive;
  readonly #blocking: RedisConnection;
  readonly #consumer: string;
  readonly #claiming: Repeating;
  readonly #loop: Promise<void>;
  #stopped = false;

  /** @param consumer name of this reporter among all of them */
  constructor(context: StageContext, archive: Archive, consumer: string) {
    this.#context = context;
    this.#archive = archive;
    this.#consumer = consumer;
    this.#blocking = context.access.open(`collector ${consumer}`);
    this.#loop = this.#collect();
    this.#claiming = every(
      abandoned,
      async () => {
        await this.#store(await claimChunks(context.access, consumer, abandoned));
        await archive.closeIdle();
      },
      (error) => context.logger.debug(`taking over chunks failed: ${errorText(error)}`),
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#claiming.stop();
    this.#blocking.disconnect();
    await this.#loop;
  }

  async #collect(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#store(await receiveChunks(this.#context.access, this.#blocking, this.#consumer, block));
      } catch (error) {
        if (this.#stopped) return;
        this.#context.logger.warn(`could not archive a log, trying again: ${errorText(error)}`);
        await pause(500);
      }
    }
  }

  async #store(chunks: ReceivedChunk[]): Promise<void> {
    if (chunks.length === 0) return;
    const lengths = new Map<string, { chunk: ReceivedChunk; bytes: number }>();
    for (const chunk of chunks) {
      const bytes = await this.#archive.append(chunk, chunk.offset, chunk.data);
      lengths.set(attemptName(chunk), { chunk, bytes });
    }
    const { access } = this.#context;
    // a chunk beyond the archive's end is dropped like the others: its runner sends everything after the end again
    await dropChunks(
      access,
      chunks.map((chunk) => chunk.entry),
    );
    for (const { chunk, bytes } of lengths.values()) {
      const { job, attempt } = chunk;
      await notifyRunner(access, chunk.runner as RunnerId, { kind: 'archived', job, attempt, bytes });
      await announceGrowth(access, { job, attempt, bytes });
    }
  }
}
