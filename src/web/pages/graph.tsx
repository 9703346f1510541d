import { type Build, statusWords } from '../../kernel/model.ts';
import { duration } from '../../kernel/times.ts';
import { type JobGraph, layOut, type Placed } from './graph-layout.ts';
import { type JobGroup, worstStatus } from './job-groups.ts';
import { jobAddress } from './job-views.tsx';

/** Sizes in pixels. */
const height = 30;
const gap = { x: 44, y: 10 };
/** Bounds of the width of a box, which follows the longest name. */
const widths = { least: 150, most: 310 };
/** Width of a box besides the name, and approximate width of a character. */
const margin = 90;
const character = 7;

interface Shown {
  build: Build;
  /** id of the job that the page shows */
  chosen: string | undefined;
  /** names of the matrices whose jobs are shown one by one */
  open: readonly string[];
  now: number;
}

/** The jobs as boxes, with lines from a job to those that need it; thick where it decided when the build ended. */
export function Graph({ build, chosen, open, now }: Shown) {
  const graph = layOut(build.jobs, open);
  if (!graph) return null;
  const longest = Math.max(...graph.nodes.map(({ group }) => group?.name.length ?? 0));
  const box = { width: Math.min(widths.most, Math.max(widths.least, margin + longest * character)), height };
  const all = {
    width: graph.columns * (box.width + gap.x) - gap.x + 2,
    height: graph.height * (box.height + gap.y) - gap.y + 2,
  };
  return (
    <>
      <svg width={all.width} height={all.height} viewBox={`-1 -1 ${all.width} ${all.height}`}>
        <title>Job dependencies</title>
        {graph.edges.map((edge) => (
          <Edge graph={graph} edge={edge} box={box} />
        ))}
        {graph.nodes.map((node) => (
          <Node node={node} box={box} shown={{ build, chosen, open, now }} />
        ))}
      </svg>
      {open.length > 0 && (
        <p>
          <a href={jobAddress('graph', chosen)} data-swap="jobs">
            Close all matrices
          </a>
        </p>
      )}
    </>
  );
}

interface Box {
  width: number;
  height: number;
}

/** A box is a link: to its job, or for a closed matrix to the graph with all of its jobs. */
function Node({ node: { group, column, top }, box, shown }: { node: Placed; box: Box; shown: Shown }) {
  const [first] = group?.jobs ?? [];
  if (!group || !first) return null;
  const { chosen, open, now } = shown;
  const { x, y } = positionOf({ column, top }, box);
  const isMatrix = group.jobs.length > 1;
  const most = Math.floor((box.width - margin) / character);
  const name = group.name.length > most ? `${group.name.slice(0, most - 1)}…` : group.name;
  const status = worstStatus(group.jobs);
  const title = `${group.name}: ${isMatrix ? `${group.jobs.length} jobs, ` : ''}${statusWords[status]}`;
  const isChosen = group.jobs.some(({ id }) => id === chosen);
  return (
    <a
      href={isMatrix ? jobAddress('graph', chosen, [...open, group.name]) : jobAddress('graph', first.id, open)}
      data-swap={isMatrix ? 'jobs' : 'job'}
      aria-current={isChosen ? 'true' : undefined}
    >
      <title>{title}</title>
      <g class={`node ${status}`}>
        {isMatrix && <rect x={x + 3} y={y + 3} width={box.width} height={box.height} rx="6" />}
        <rect x={x} y={y} width={box.width} height={box.height} rx="6" />
        <circle cx={x + 14} cy={y + box.height / 2} r="4.5" />
        <text x={x + 26} y={y + box.height / 2 + 4}>
          {name}
        </text>
        <text class="number" x={x + box.width - 10} y={y + box.height / 2 + 4} text-anchor="end">
          {isMatrix ? `${group.jobs.length} ▸` : tookOf(group, now)}
        </text>
      </g>
    </a>
  );
}

function tookOf({ jobs: [job] }: JobGroup, now: number): string {
  if (!job || job.startedAt === null) return '';
  return duration((job.finishedAt === null ? now : Date.parse(job.finishedAt)) - Date.parse(job.startedAt));
}

function Edge({
  graph,
  edge: { from, to, critical },
  box,
}: {
  graph: JobGraph;
  edge: JobGraph['edges'][number];
  box: Box;
}) {
  const [left, right] = [graph.nodes[from], graph.nodes[to]];
  if (!left || !right) return null;
  const [start, end] = [middleOf(left, box), middleOf(right, box)];
  const bend = gap.x / 2;
  // from the middle of a place without a box, so that the line goes on through it
  const x1 = left.group ? start.x + box.width : start.x;
  const across = left.group ? '' : ` H${start.x + box.width}`;
  const x = start.x + box.width;
  return (
    <path
      class={critical ? 'edge critical' : 'edge'}
      d={`M${x1} ${start.y}${across} C${x + bend} ${start.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}`}
    />
  );
}

function middleOf(node: Placed, box: Box): { x: number; y: number } {
  const { x, y } = positionOf(node, box);
  return { x, y: y + (node.group ? box.height / 2 : box.height / 5) };
}

function positionOf({ column, top }: Pick<Placed, 'column' | 'top'>, box: Box): { x: number; y: number } {
  return { x: column * (box.width + gap.x), y: top * (box.height + gap.y) };
}
