import { FadingMap } from '../kernel/fading-map.ts';
import { type AttemptRef, attemptName, type BuildId } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { moveToNextAttempt } from '../record/moves.ts';
import { heartbeatTtl } from '../redis/heartbeat-times.ts';
import { routeBuild } from './route.ts';

/**
 * Gives jobs a further attempt that the record has as queued while a runner is done with the message of their attempt: it
 * was run, and what became of it never came to be recorded, or is recorded no more. Nobody takes such a message, and none
 * can be sent under its name.
 *
 * An outcome on its way is one of these: a living runner says that it reports it; it waits to be recorded; it was recorded
 * between the two looks at record and queue. So the attempt must be found like this, with nobody who claims it, for as long
 * as it takes a runner that is cut off to come back.
 */
export class SpentAttempts {
  readonly #context: StageContext & { database: Database };
  /** since when (ms, performance.now) it is found so in every look, by name of the attempt */
  readonly #since = new FadingMap<string, number>(60 * heartbeatTtl, 100_000);
  readonly #patience: number;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** @param patience milliseconds for which an attempt must be found like this */
  constructor(context: StageContext & { database: Database }, patience: number = heartbeatTtl) {
    this.#context = context;
    this.#patience = patience;
  }

  /**
   * @param done queued attempts that no living runner claims, and whose messages a runner is done with, as one look has
   * found them
   * @param claimed names of the attempts that living runners claim
   */
  async move(done: readonly (AttemptRef & { build: BuildId })[], claimed: ReadonlySet<string>): Promise<void> {
    const { queues, database, logger } = this.#context;
    const now = performance.now();
    // nobody has looked for a while, so runners may have been unable to say anything, too
    const isLate = now - this.#lookedAt > this.#patience;
    this.#lookedAt = now;
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
        message: 'it was run, and how it ended is not known',
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
