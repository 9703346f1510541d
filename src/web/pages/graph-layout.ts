import type { Job } from '../../kernel/model.ts';
import { groupJobs, type JobGroup } from './job-groups.ts';

/** A job in the graph, or the jobs of a closed matrix; a place that an edge goes through has no group. */
export interface Placed {
  group: JobGroup | undefined;
  column: number;
  /** from the top, in rows of a box; places of edges take a part of one */
  top: number;
}

export interface JobGraph {
  nodes: Placed[];
  /** between neighbouring columns, as positions in `nodes` */
  edges: { from: number; to: number; critical: boolean }[];
  columns: number;
  /** height in rows of a box */
  height: number;
}

/** Height of the place that an edge goes through, in rows of a box. */
const lane = 0.4;
/** Sweeps over the columns; later ones rarely change anything. */
const sweeps = 4;

/**
 * Lays out jobs in columns, each one column after the last job that it needs (longest path). An edge over several columns
 * gets a place of its own in each column between, so it runs behind no box. The order in a column follows the barycentre
 * heuristic (Sugiyama, Tagawa and Toda, 1981).
 * @param open names of the matrices whose jobs are shown one by one
 * @returns undefined if no job needs another
 */
export function layOut(jobs: readonly Job[], open: readonly string[] = []): JobGraph | undefined {
  const groups = boxesOf(jobs, open);
  const needed = groups.map((group) => neededBy(group, groups));
  if (needed.every((needs) => needs.length === 0)) return undefined;
  const columns = columnsOf(needed);
  const count = 1 + Math.max(...columns);
  const nodes: Placed[] = groups.map((group, index) => ({ group, column: columns[index] ?? 0, top: 0 }));
  const critical = criticalPath(groups, needed);
  const edges = connect(nodes, needed, critical);
  order(nodes, edges, count);
  return {
    nodes,
    edges,
    columns: count,
    height: Math.max(...nodes.map(({ group, top }) => top + (group ? 1 : lane))),
  };
}

/** One box for each job, and one for all jobs of a closed matrix. */
function boxesOf(jobs: readonly Job[], open: readonly string[]): JobGroup[] {
  return groupJobs(jobs).flatMap(({ groups }) =>
    groups.flatMap((group) =>
      open.includes(group.name) ? group.jobs.map((job) => ({ name: job.name, jobs: [job] })) : [group],
    ),
  );
}

/** Positions of the boxes that a box needs. Jobs of a matrix are needed by their name without the matrix values. */
function neededBy({ jobs: [job] }: JobGroup, groups: readonly JobGroup[]): number[] {
  if (!job) return [];
  return groups.flatMap(({ jobs: [other] }, index) => {
    if (!other || other === job || other.workflow !== job.workflow) return [];
    return job.needs.some((name) => other.name === name || other.name.startsWith(`${name} (`)) ? [index] : [];
  });
}

function columnsOf(needed: readonly number[][]): number[] {
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
  return needed.map((_, index) => columnOf(index, []));
}

/**
 * The boxes that decided when the build ended: back from the one that ended last, always to the needed one that ended last.
 * @returns the box after each of them, by position
 */
function criticalPath(groups: readonly JobGroup[], needed: readonly number[][]): Map<number, number> {
  const endOf = (index: number): number =>
    Math.max(
      ...(groups[index]?.jobs ?? []).map(({ startedAt, finishedAt }) =>
        startedAt && finishedAt ? Date.parse(finishedAt) : 0,
      ),
    );
  const lastOf = (indexes: readonly number[]): number | undefined =>
    indexes.filter((index) => endOf(index) > 0).sort((a, b) => endOf(b) - endOf(a))[0];
  const path = new Map<number, number>();
  let at = lastOf(groups.map((_, index) => index));
  while (at !== undefined) {
    const before = lastOf(needed[at] ?? []);
    if (before === undefined || path.has(before)) break;
    path.set(before, at);
    at = before;
  }
  return path;
}

/** Adds the places that long edges go through; those from one box share them. */
function connect(nodes: Placed[], needed: readonly number[][], critical: Map<number, number>): JobGraph['edges'] {
  const edges: JobGraph['edges'] = [];
  const lanes = new Map<string, number>();
  const add = (from: number, to: number, isCritical: boolean) => {
    const known = edges.find((edge) => edge.from === from && edge.to === to);
    if (known) known.critical ||= isCritical;
    else edges.push({ from, to, critical: isCritical });
  };
  for (const [to, needs] of needed.entries())
    for (const from of needs) {
      const isCritical = critical.get(from) === to;
      let at = from;
      for (let column = (nodes[from]?.column ?? 0) + 1; column < (nodes[to]?.column ?? 0); column++) {
        const key = `${from} ${column}`;
        const place = lanes.get(key) ?? nodes.push({ group: undefined, column, top: 0 }) - 1;
        lanes.set(key, place);
        add(at, place, isCritical);
        at = place;
      }
      add(at, to, isCritical);
    }
  return edges;
}

/** Orders each column by the neighbours of its boxes, and stacks it. */
function order(nodes: Placed[], edges: JobGraph['edges'], columns: number): void {
  const inColumn = Array.from({ length: columns }, (_, column) => nodes.filter((node) => node.column === column));
  const middle = ({ group, top }: Placed) => top + (group ? 0.5 : lane / 2);
  const weightOf = (node: Placed, forward: boolean): number => {
    const index = nodes.indexOf(node);
    const near = edges.flatMap(({ from, to }) =>
      forward ? (to === index ? (nodes[from] ?? []) : []) : from === index ? (nodes[to] ?? []) : [],
    );
    return near.length === 0 ? middle(node) : near.reduce((sum, one) => sum + middle(one), 0) / near.length;
  };
  for (const column of inColumn) stack(column);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const forward = sweep % 2 === 0;
    for (const column of forward ? inColumn.slice(1) : inColumn.slice(0, -1).reverse()) {
      const weights = new Map(column.map((node) => [node, weightOf(node, forward)]));
      column.sort((a, b) => (weights.get(a) ?? 0) - (weights.get(b) ?? 0));
      stack(column);
    }
  }
}

function stack(column: Placed[]): void {
  let top = 0;
  for (const node of column) {
    node.top = top;
    top += node.group ? 1 : lane;
  }
}
