import type { Stage } from '../../queues/stage.ts';
import type { RedisAccess } from '../../redis/connect.ts';
import { withoutWaiting } from '../../redis/farewell.ts';

/**
 * Stops stages that share a connection, one after the other in whatever order they are asked to. When Redis does not
 * answer, all that are left stop at once: nothing can be done in order then, and each takes its time to give up.
 */
export class Stopping {
  readonly #access: RedisAccess;
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(access: RedisAccess) {
    this.#access = access;
  }

  /**
   * @param stage what fails when it stops is told where the returned function is waited for
   * @param bounded whether the stage itself bounds how long it waits for Redis
   * @returns stops the stage
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
    return withoutWaiting(
      this.#access,
      () => stage.stop(),
      () => {
        // before the connection is closed: consumers that are not ending yet would wait long to make it anew
        for (const stop of this.#stops) stop().catch(() => undefined);
      },
    );
  }
}
