import type { RunnerDrain } from '../../kernel/model/access-shapes.ts';
import type { RunnerState } from '../../kernel/model/runner-states.ts';
import { listRunnerDrains } from '../../record/runner-drains.ts';
import type { Reader } from '../../record/visibility.ts';
import { listRunners, type RunnerMember } from '../../redis/membership.ts';
import { askRedis } from './ask-redis.ts';
import { redact } from './redact.ts';
import { runnerState } from './runner-state.ts';
import type { StatusSources } from './sources.ts';

/** A connected runner as people see it. */
export type FleetRunner = RunnerMember & {
  state: RunnerState;
  drain: RunnerDrain | null;
  /** whether it follows orders to drain; one of an older version does not */
  canDrain: boolean;
  /** patterns of the repositories that it serves, which may name some that the reader may not see: to decide by, not to show */
  served: RunnerMember['repos'];
};

export interface Fleet {
  runners: FleetRunner[];
  /** drained runners that are not connected */
  away: RunnerDrain[];
}

/**
 * The connected runners and the drained ones, without what the reader may not read.
 * @returns undefined if Redis does not answer
 */
export async function readFleet(
  web: Pick<StatusSources, 'access' | 'database'>,
  reader: Reader,
): Promise<Fleet | undefined> {
  const listed = await askRedis(web, () => listRunners(web.access));
  if (!listed) return undefined;
  const [alive, drains] = await Promise.all([
    redact(web.database, reader, listed.alive),
    listRunnerDrains(web.database),
  ]);
  const byName = new Map(drains.map((drain) => [drain.runner, drain]));
  const names = new Set(alive.map(({ name }) => name));
  return {
    runners: alive.map((runner, index) => {
      const drain = byName.get(runner.name) ?? null;
      const served = listed.alive[index]?.repos ?? [];
      return { ...runner, drain, state: runnerState(runner, drain), canDrain: runner.drained !== undefined, served };
    }),
    away: drains.filter(({ runner }) => !names.has(runner)),
  };
}
