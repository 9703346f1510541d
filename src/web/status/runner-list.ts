import type { RunnerMember } from '../../redis/membership.ts';

export interface RunnerFilter {
  limit: number;
  /** only runners after this id, whose runner may be gone */
  after?: string | undefined;
  /** part of the name or the machine, ignoring case */
  text?: string | undefined;
  label?: string | undefined;
}

/** Sorts `r10` after `r9`. */
const natural = new Intl.Collator('en', { numeric: true });

/** Runners by name, page by page. */
export function pageOfRunners<R extends RunnerMember>(
  runners: readonly R[],
  { limit, after, text = '', label }: RunnerFilter,
): { runners: R[]; next: string | null } {
  const wanted = text.toLowerCase();
  const fitting = runners
    .filter(({ name, host }) => name.toLowerCase().includes(wanted) || host.toLowerCase().includes(wanted))
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
