import type { Stage } from '../../queues/stage.ts';
import { withBoundedShutdown } from '../../redis/bounded-shutdown.ts';
import type { RedisAccess } from '../../redis/connect.ts';

/**
 * Stops stages that share a connection to Redis, one after the other. If Redis does not answer, the remaining stages all
 * stop at once, since each would take its whole timeout.
 */
export class Stopping {
  readonly #access: RedisAccess;
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(access: RedisAccess) {
    this.#access = access;
  }

  /**
   * @param stage an error while it stops is thrown by the returned function
   * @param bounded whether the stage itself limits how long it waits for Redis
   * @returns a function that stops the stage
   */
  add(stage: Stage, bounded: boolean): () => Promise<void> {
    let stopped: Promise<void> | undefined;
    const stop = () => {
      stopped ??= bounded ? stage.stop() : this.#stopUnlessAway(stage);
      return stopped;
    };
    this.#stops.push(stop);
    return stop;
  }

  #stopUnlessAway(stage: Stage): Promise<void> {
    return withBoundedShutdown(
      this.#access,
      () => stage.stop(),
      () => {
        // before the connection is closed: consumers that are not stopping yet would wait long to connect again
        for (const stop of this.#stops) stop().catch(() => undefined);
      },
    );
  }
}
