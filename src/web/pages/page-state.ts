import type { BuildSummary } from '../../kernel/model.ts';
import { isFailing } from '../../kernel/verdict.ts';
import type { IconState } from '../http/icons.ts';

/** Signs of states, before the titles of pages: a browser shows them in its tabs and its list of windows. */
export const signs: { readonly [S in IconState]: string } = {
  ...{ waiting: '○', queued: '○', running: '●', failing: '✗', success: '✓', failure: '✗', error: '!' },
  ...{ cancelled: '–', skipped: '–' },
};

type Shown = Pick<BuildSummary, 'status' | 'reason'>;

/** The state of a page about one build. */
export function stateOf(build: Shown): IconState {
  return isFailing(build) ? 'failing' : build.status;
}

/** The worst first: what a list of builds is taken for. */
const order: readonly IconState[] = [
  ...(['failing', 'failure', 'error', 'running', 'queued', 'waiting', 'success', 'cancelled', 'skipped'] as const),
];

/**
 * The state of a page about many builds: the worst one among the newest builds of each branch, where those of schedules hide no others.
 * @param builds newest first
 */
export function stateOfAll(
  builds: readonly (Shown & Pick<BuildSummary, 'repo' | 'ref' | 'trigger'>)[],
): IconState | undefined {
  const newest = new Map<string, IconState>();
  for (const build of builds) {
    const branch = `${build.repo} ${build.ref} ${build.trigger === 'schedule'}`;
    if (!newest.has(branch)) newest.set(branch, stateOf(build));
  }
  const states = new Set(newest.values());
  return order.find((state) => states.has(state));
}
