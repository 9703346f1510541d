import { FadingMap } from '../kernel/fading-map.ts';
import { attemptName, parseAttemptName } from '../kernel/model.ts';
import { currentAttempts, type RunningAttempt } from '../record/open-jobs.ts';
import { notifyRunner } from '../redis/channels.ts';
import { heartbeatTtl } from '../redis/heartbeat-times.ts';
import type { RunnerMember } from '../redis/membership.ts';
import type { DispatcherContext } from './context.ts';

/**
 * Tells runners which of the attempts that they claim no longer count: a runner that was taken for lost may be alive, and
 * a Redis that had forgotten who took a message, as after a failover, may have given it to two runners. A runner is told
 * for each heartbeat that claims such an attempt.
 */
export class SupersededAttempts {
  readonly #context: DispatcherContext;
  /** the heartbeat of a runner after which it was told about an attempt, by the names of both */
  readonly #toldAfter = new FadingMap<string, string>(12 * heartbeatTtl, 10_000);

  constructor(context: DispatcherContext) {
    this.#context = context;
  }

  /** @param recorded attempts that run according to the database */
  async stop(alive: readonly RunnerMember[], recorded: readonly RunningAttempt[]): Promise<void> {
    const { access, database, logger } = this.#context;
    const expected = new Set(recorded.map((attempt) => `${attempt.runner} ${attemptName(attempt)}`));
    const claims = alive.flatMap(({ id, running, heartbeatAt }) =>
      running.flatMap((name) => {
        const [claim, ref] = [`${id} ${name}`, parseAttemptName(name)];
        return ref && !expected.has(claim) && this.#toldAfter.get(claim) !== heartbeatAt
          ? [{ id, ref, claim, heartbeatAt }]
          : [];
      }),
    );
    const current = await currentAttempts(database, [...new Set(claims.map(({ ref }) => ref.job))]);
    for (const { id, ref, claim, heartbeatAt } of claims) {
      const state = current.get(ref.job);
      const mayRun = state?.runner === null || state?.runner === id;
      // one that just ended is still in the last heartbeat
      if (!state || (state.open && state.attempt === ref.attempt && mayRun)) continue;
      logger.debug(`attempt ${attemptName(ref)} no longer counts`, { runner: id });
      await notifyRunner(access, id, { kind: 'lose', ...ref });
      this.#toldAfter.set(claim, heartbeatAt);
    }
  }
}
