import type { Job } from '../../kernel/model.ts';

/** A job in the graph: the column that it stands in, and its row there. */
export interface Placed {
  job: Job;
  column: number;
  row: number;
}

export interface JobGraph {
  nodes: Placed[];
  /** from what is needed to what needs it, as positions in `nodes` */
  edges: [from: number, to: number][];
  columns: number;
  rows: number;
}

/**
 * Jobs in columns: each stands one column after the last of those that it needs (longest path), and within its column
 * near what it needs (the barycentre heuristic of Sugiyama, Tagawa and Toda, 1981, one sweep).
 * @returns undefined where no job needs another, so that there is nothing to see
 */
export function layOut(jobs: readonly Job[]): JobGraph | undefined {
  const needed = jobs.map((job) => neededBy(job, jobs));
  if (needed.every((needs) => needs.length === 0)) return undefined;
  const columns = new Map<number, number>();
  const columnOf = (index: number, seen: readonly number[]): number => {
    const known = columns.get(index);
    if (known !== undefined) return known;
    // workflows have no cycles; a record that has one anyway must not hold the page up
    const before = (needed[index] ?? []).filter((one) => !seen.includes(one));
    const column = before.length === 0 ? 0 : 1 + Math.max(...before.map((one) => columnOf(one, [...seen, index])));
    columns.set(index, column);
    return column;
  };
  const count = 1 + Math.max(...jobs.map((_, index) => columnOf(index, [])));
  const rows = new Map<number, number>();
  for (let column = 0; column < count; column++) {
    const inColumn = jobs.map((_, index) => index).filter((index) => columns.get(index) === column);
    const weight = (index: number) => {
      const before = (needed[index] ?? []).map((one) => rows.get(one) ?? 0);
      return before.length === 0 ? Number.POSITIVE_INFINITY : before.reduce((a, b) => a + b, 0) / before.length;
    };
    const weights = new Map(inColumn.map((index) => [index, weight(index)]));
    inColumn.sort((a, b) =>
      (weights.get(a) ?? 0) < (weights.get(b) ?? 0) ? -1 : weights.get(a) === weights.get(b) ? a - b : 1,
    );
    for (const [row, index] of inColumn.entries()) rows.set(index, row);
  }
  return {
    nodes: jobs.map((job, index) => ({ job, column: columns.get(index) ?? 0, row: rows.get(index) ?? 0 })),
    edges: needed.flatMap((needs, to) => needs.map((from): [number, number] => [from, to])),
    columns: count,
    rows: 1 + Math.max(...rows.values()),
  };
}

/** Positions of the jobs that one needs; one that is spread over a matrix is needed by the name that it had before. */
function neededBy(job: Job, jobs: readonly Job[]): number[] {
  return jobs.flatMap((other, index) => {
    if (other === job || other.workflow !== job.workflow) return [];
    return job.needs.some((name) => other.name === name || other.name.startsWith(`${name} (`)) ? [index] : [];
  });
}
