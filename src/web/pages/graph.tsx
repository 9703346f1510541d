import { type Build, statusWords } from '../../kernel/model.ts';
import { type JobGraph, layOut, type Placed } from './graph-layout.ts';

/** Sizes in pixels. */
const box = { width: 168, height: 30 };
const gap = { x: 44, y: 10 };
/** Of a name so many characters fit into a box. */
const longestName = 19;

/** The jobs of a build by what they need, from left to right. Beyond so many rows the list of jobs tells it better. */
const mostRows = 40;

export function Graph({ build }: { build: Build }) {
  const graph = layOut(build.jobs);
  if (!graph || graph.rows > mostRows) return <div id="graph" data-live=""></div>;
  const width = graph.columns * (box.width + gap.x) - gap.x + 2;
  const height = graph.rows * (box.height + gap.y) - gap.y + 2;
  return (
    <div id="graph" data-live="">
      <nav class="graph" aria-label="Graph of the jobs by what they need">
        <svg width={width} height={height} viewBox={`-1 -1 ${width} ${height}`}>
          <title>Jobs and what they need</title>
          {graph.edges.map((edge) => (
            <Edge graph={graph} edge={edge} />
          ))}
          {graph.nodes.map((node) => (
            <Node node={node} />
          ))}
        </svg>
      </nav>
    </div>
  );
}

function Node({ node: { job, column, row } }: { node: Placed }) {
  const { x, y } = placeOf({ column, row });
  const name = job.name.length > longestName ? `${job.name.slice(0, longestName - 1)}…` : job.name;
  return (
    <a href={`#job-${job.id}`} aria-label={`${job.name}: ${statusWords[job.status]}`}>
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

function Edge({ graph, edge: [from, to] }: { graph: JobGraph; edge: [number, number] }) {
  const [left, right] = [graph.nodes[from], graph.nodes[to]];
  if (!left || !right) return null;
  const start = placeOf(left);
  const end = placeOf(right);
  const [x1, y1, x2, y2] = [start.x + box.width, start.y + box.height / 2, end.x, end.y + box.height / 2];
  const bend = gap.x / 2;
  return <path class="edge" d={`M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`} />;
}

function placeOf({ column, row }: Pick<Placed, 'column' | 'row'>): { x: number; y: number } {
  return { x: column * (box.width + gap.x), y: row * (box.height + gap.y) };
}
