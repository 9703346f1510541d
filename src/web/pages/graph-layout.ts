import type { Job } from '../../kernel/model.ts';

/** A job in the graph, with its column and row. */
export interface Placed {
  job: Job;
  column: number;
  row: number;
}

export interface JobGraph {
  nodes: Placed[];
  /** from a needed job to the job that needs it, as positions in `nodes` */
  edges: [from: number, to: number][];
  columns: number;
  rows: number;
}

/**
 * Lays out jobs in columns. A job is one column after the last job that it needs (longest path), and its row is near the
 * jobs that it needs (barycentre heuristic of Sugiyama, Tagawa and Toda, 1981, one sweep).
 * @returns undefined if no job needs another
 */
export function layOut(jobs: readonly Job[]): JobGraph | undefined {
  const needed = jobs.map((job) => neededBy(job, jobs));
  if (needed.every((needs) => needs.length === 0)) return undefined;
  const columns = new Map<number, number>();
  const columnOf = (index: number, seen: readonly number[]): number => {
    const known = columns.get(index);
    if (known !== undefined) return known;
    // workflows have no cycles; if the database has one anyway, the page must still load
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

/** Positions of the jobs that a job needs. Jobs of a matrix are needed by their name without the matrix values. */
function neededBy(job: Job, jobs: readonly Job[]): number[] {
  return jobs.flatMap((other, index) => {
    if (other === job || other.workflow !== job.workflow) return [];
    return job.needs.some((name) => other.name === name || other.name.startsWith(`${name} (`)) ? [index] : [];
  });
}
