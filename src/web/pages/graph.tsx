import { type Build, statusWords } from '../../kernel/model.ts';
import { type JobGraph, layOut, type Placed } from './graph-layout.ts';
import { jobAddress } from './job-views.tsx';

/** Sizes in pixels. */
const height = 30;
const gap = { x: 44, y: 10 };
/** Bounds of the width of a box, which follows the longest name. */
const widths = { least: 120, most: 290 };
/** Width of a box besides the name, and approximate width of a character. */
const margin = 36;
const character = 7;

/** @param chosen id of the job that the page shows */
export function Graph({ build, chosen }: { build: Build; chosen: string | undefined }) {
  const graph = layOut(build.jobs);
  if (!graph) return null;
  const longest = Math.max(...build.jobs.map(({ name }) => name.length));
  const box = { width: Math.min(widths.most, Math.max(widths.least, margin + longest * character)), height };
  const all = {
    width: graph.columns * (box.width + gap.x) - gap.x + 2,
    height: graph.rows * (box.height + gap.y) - gap.y + 2,
  };
  return (
    <svg width={all.width} height={all.height} viewBox={`-1 -1 ${all.width} ${all.height}`}>
      <title>Job dependencies</title>
      {graph.edges.map((edge) => (
        <Edge graph={graph} edge={edge} box={box} />
      ))}
      {graph.nodes.map((node) => (
        <Node node={node} box={box} chosen={node.job.id === chosen} />
      ))}
    </svg>
  );
}

interface Box {
  width: number;
  height: number;
}

function Node({ node, box, chosen }: { node: Placed; box: Box; chosen: boolean }) {
  const { job } = node;
  const { x, y } = positionOf(node, box);
  const most = Math.floor((box.width - margin) / character);
  const name = job.name.length > most ? `${job.name.slice(0, most - 1)}…` : job.name;
  return (
    <a
      href={jobAddress('graph', job.id)}
      data-swap="job"
      aria-current={chosen ? 'true' : undefined}
      aria-label={`${job.name}: ${statusWords[job.status]}`}
    >
      <title>
        {job.name}: {statusWords[job.status]}
      </title>
      <g class={`node ${job.status}`}>
        <rect x={x} y={y} width={box.width} height={box.height} rx="6" />
        <circle cx={x + 14} cy={y + box.height / 2} r="4.5" />
        <text x={x + 26} y={y + box.height / 2 + 4}>
          {name}
        </text>
      </g>
    </a>
  );
}

function Edge({ graph, edge: [from, to], box }: { graph: JobGraph; edge: [number, number]; box: Box }) {
  const [left, right] = [graph.nodes[from], graph.nodes[to]];
  if (!left || !right) return null;
  const start = positionOf(left, box);
  const end = positionOf(right, box);
  const [x1, y1, x2, y2] = [start.x + box.width, start.y + box.height / 2, end.x, end.y + box.height / 2];
  const bend = gap.x / 2;
  return <path class="edge" d={`M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`} />;
}

function positionOf({ column, row }: Placed, box: Box): { x: number; y: number } {
  return { x: column * (box.width + gap.x), y: row * (box.height + gap.y) };
}
