import type { RunnerDrain } from '../../kernel/model/access-shapes.ts';
import type { RunnerState } from '../../kernel/model/runner-states.ts';
import { type RunnerMember, unfitReason } from '../../redis/membership.ts';

/** What a runner does. @param drain the order of a person that it takes no more jobs */
export function runnerState(runner: RunnerMember, drain: RunnerDrain | null): RunnerState {
  if (runner.stopping === true) return 'stopping';
  if (drain) return runner.drained === true && unfinished(runner) === 0 ? 'drained' : 'draining';
  return unfitReason(runner) === undefined ? 'ready' : 'unhealthy';
}

/** `draining (2 jobs)`. @param runner as the API shows it */
export function stateText(runner: Pick<RunnerMember, 'running' | 'reporting'> & { state: RunnerState }): string {
  const jobs = unfinished(runner);
  return runner.state === 'draining' && jobs > 0 ? `draining (${jobs} ${jobs === 1 ? 'job' : 'jobs'})` : runner.state;
}

/** How many of its jobs run, or are not recorded yet. */
function unfinished({ running, reporting }: Pick<RunnerMember, 'running' | 'reporting'>): number {
  return running.length + reporting.length;
}
