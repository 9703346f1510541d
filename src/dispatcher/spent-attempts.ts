import { FadingMap } from '../kernel/fading-map.ts';
import { type AttemptRef, attemptName, type BuildId } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import { moveToNextAttempt } from '../record/next-attempts.ts';
import { heartbeatTtl } from '../redis/heartbeat-times.ts';
import type { DispatcherContext } from './context.ts';
import { routeBuild } from './route.ts';

/**
 * Gives a job a further attempt if it is recorded as queued while a runner has completed the message of its attempt: the
 * attempt was run, and its outcome was never recorded, or its record was lost. No runner takes such a message, and no other
 * can be sent under its name.
 *
 * The outcome may still be on its way: a living runner claims to report it, it waits to be recorded, or it was recorded
 * between the reads of database and queue. So the attempt must be found in this state, claimed by no runner, for as long as
 * a runner that was cut off takes to come back.
 */
export class SpentAttempts {
  readonly #context: DispatcherContext;
  /** since when (`performance.now()`) every poll has found it in this state, by name of the attempt */
  readonly #since = new FadingMap<string, number>(60 * heartbeatTtl, 100_000);
  readonly #patience: number;
  #polledAt = Number.NEGATIVE_INFINITY;

  /** @param patience milliseconds for which an attempt must be found in this state */
  constructor(context: DispatcherContext, patience: number = heartbeatTtl) {
    this.#context = context;
    this.#patience = patience;
  }

  /**
   * @param done queued attempts that no living runner claims and whose messages a runner has completed, as one poll has
   * found them
   * @param claimed names of the attempts that living runners claim
   */
  async move(done: readonly (AttemptRef & { build: BuildId })[], claimed: ReadonlySet<string>): Promise<void> {
    const { queues, database, logger } = this.#context;
    const now = performance.now();
    // after a pause: runners may have been unable to reach Redis, too
    const isLate = now - this.#polledAt > this.#patience;
    this.#polledAt = now;
    for (const name of claimed) this.#since.delete(name);
    for (const attempt of done) {
      const name = attemptName(attempt);
      const since = isLate ? undefined : this.#since.get(name);
      if (since === undefined || (await queues.holdsOutcome(attempt))) {
        this.#since.set(name, now);
        continue;
      }
      if (now - since < this.#patience) continue;
      this.#since.delete(name);
      const lost = {
        reason: 'runner_lost',
        message: 'it was run, and its outcome is unknown',
        at: serverNow(),
      } as const;
      if (!(await moveToNextAttempt(database, attempt, lost))) continue;
      logger.warn(`gave the job a further attempt: ${lost.message}`, {
        ...{ build: attempt.build, job: attempt.job, attempt: attempt.attempt },
      });
      await routeBuild(this.#context, attempt.build, new Set([attempt.job]));
    }
  }
}
