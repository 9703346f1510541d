import type { Logger } from '../../kernel/logger.ts';
import type { JobId } from '../../kernel/model.ts';
import { type Change, changeSchema, growthSchema, listen } from '../../redis/channels.ts';
import type { RedisAccess } from '../../redis/connect.ts';

/** Passes the messages of Redis's channels from one subscription of this process to all open streams. */
export class Notices {
  readonly #changes = new Set<(change: Change) => void>();
  readonly #growth = new Map<JobId, Set<() => void>>();
  #unlisten: (() => Promise<void>)[] = [];

  /** Subscribes; resolves when Redis has confirmed it. */
  static async open(access: RedisAccess, logger: Logger): Promise<Notices> {
    const notices = new Notices();
    const { keys } = access;
    notices.#unlisten = await Promise.all([
      listen(access, keys.changes, changeSchema, logger, (change) => {
        for (const listener of notices.#changes) listener(change);
      }),
      listen(access, keys.growth, growthSchema, logger, ({ job }) => {
        for (const listener of notices.#growth.get(job) ?? []) listener();
      }),
    ]);
    return notices;
  }

  /** @returns stops listening */
  onChange(listener: (change: Change) => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  /**
   * Calls `listener` when the log of an attempt of the job has grown.
   * @returns stops listening
   */
  onGrowth(job: JobId, listener: () => void): () => void {
    const listeners = this.#growth.get(job) ?? new Set();
    this.#growth.set(job, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#growth.get(job) === listeners) this.#growth.delete(job);
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#unlisten.map((unlisten) => unlisten()));
  }
}
