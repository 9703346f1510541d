import type { Logger } from '../../kernel/logger.ts';
import type { JobId } from '../../kernel/model.ts';
import { type Change, changeSchema, growthSchema, listen } from '../../redis/channels.ts';
import type { RedisAccess } from '../../redis/connect.ts';

/** What Redis's channels say, from one subscription of this process to as many streams as are open. */
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
        for (const heard of notices.#changes) heard(change);
      }),
      listen(access, keys.growth, growthSchema, logger, ({ job }) => {
        for (const heard of notices.#growth.get(job) ?? []) heard();
      }),
    ]);
    return notices;
  }

  /** @returns stops listening */
  onChange(heard: (change: Change) => void): () => void {
    this.#changes.add(heard);
    return () => this.#changes.delete(heard);
  }

  /** The log of one of the job's attempts has grown. */
  onGrowth(job: JobId, heard: () => void): () => void {
    const listeners = this.#growth.get(job) ?? new Set();
    this.#growth.set(job, listeners.add(heard));
    return () => {
      listeners.delete(heard);
      if (listeners.size === 0 && this.#growth.get(job) === listeners) this.#growth.delete(job);
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#unlisten.map((unlisten) => unlisten()));
  }
}
