import type { RunnerMember } from '../../redis/membership.ts';

export interface RunnerFilter {
  limit: number;
  /** only those behind the runner with this id, which need not be there any more */
  after?: string | undefined;
  /** part of the name or the machine, in any case of its letters */
  text?: string | undefined;
  label?: string | undefined;
}

/** `r10` comes behind `r9`. */
const natural = new Intl.Collator('en', { numeric: true });

/** Runners by name, page by page. */
export function pageOfRunners(
  runners: readonly RunnerMember[],
  { limit, after, text = '', label }: RunnerFilter,
): { runners: RunnerMember[]; next: string | null } {
  const looked = text.toLowerCase();
  const fitting = runners
    .filter(({ name, host }) => name.toLowerCase().includes(looked) || host.toLowerCase().includes(looked))
    .filter(({ labels }) => label === undefined || labels.includes(label))
    .filter(({ id }) => after === undefined || inOrder(id, after) > 0)
    .sort((a, b) => inOrder(a.id, b.id));
  const page = fitting.slice(0, limit);
  return { runners: page, next: fitting.length > limit ? (page.at(-1)?.id ?? null) : null };
}

/** An id begins with the runner's name; two ids are never equal. */
function inOrder(a: string, b: string): number {
  return natural.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
