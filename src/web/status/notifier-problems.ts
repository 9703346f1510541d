import type { NoticeTarget } from '../../kernel/model/notice-shapes.ts';
import type { Reader } from '../../record/visibility.ts';
import type { Problem } from '../schemas/terms.ts';
import type { ForgeState } from './forge-problems.ts';
import type { RedisState } from './redis-state.ts';

interface Served {
  forges: ForgeState;
  targets: NoticeTarget[];
}

/** Whether there is anything that a notifier sends to. */
export function needsNotifier(known: Served | undefined): boolean {
  return known !== undefined && known.forges.forges.length + known.targets.length > 0;
}

/** @param seen undefined if Redis does not answer */
export function notifierProblem(known: Served, seen: RedisState | undefined): Problem[] {
  const isMissing = seen?.stages.find(({ kind }) => kind === 'notifier')?.members.length === 0;
  return isMissing && needsNotifier(known) ? [noNotifier] : [];
}

/** Targets that do not take notices, for those who can do something about it. */
export function problemsOfTargets(targets: readonly NoticeTarget[], reader: Reader): Problem[] {
  if (!reader.all) return [];
  return targets.flatMap(({ name, problem }) =>
    problem === null
      ? []
      : [{ code: problem.code, message: `notices do not reach ${name}: ${problem.message}`, remedy: problem.remedy }],
  );
}

const noNotifier: Problem = {
  code: 'no_notifier',
  message: 'no notifier is running: forges do not get the statuses of commits, and nobody gets notices',
  remedy: 'Start one with `volt notifier`, or everything with `volt up`.',
};
