/** One bar of a chart; a value of null leaves a gap. */
export interface Point {
  value: number | null;
  /** tooltip */
  title: string;
  href?: string;
  /** class that sets the colour */
  class: string;
}

/** Sizes in units of the drawing, which is scaled to the width of its container. */
const size = { width: 600, height: 120, left: 4, bottom: 2 };
/** With fewer bars than this, the rest of the width stays empty. */
const fewest = 20;
/** The least share of the width that has room for two labels. */
const leastForTwo = 0.3;
/** Heights of the horizontal lines, as shares. */
const guides = [0.5, 1];

interface Shown {
  title: string;
  points: readonly Point[];
  format: (value: number) => string;
  /** the value at the top; if absent, the largest of the points */
  top?: number;
  /** what the points are, for the title: `builds` */
  of?: string;
  /** labels of the first and the last point */
  ends?: readonly [first: string, last: string];
}

/** A bar chart, oldest point first. The server draws it, so it needs no script. */
export function Chart({ title, points, format, top, of = 'builds', ends }: Shown) {
  const values = points.flatMap(({ value }) => value ?? []);
  // if all values are zero, the bars have no height
  const highest = top ?? Math.max(...values, 1);
  const last = values.at(-1);
  return (
    <figure class="chart">
      <figcaption>
        {title} {last !== undefined && <strong>{format(last)}</strong>}
      </figcaption>
      {values.length > 0 ? (
        <div class="plot">
          <svg viewBox={`0 0 ${size.width} ${size.height}`} preserveAspectRatio="none">
            <title>{`${title}, the last ${points.length} ${of}`}</title>
            {guides.map((part) => (
              <line class="guide" x1="0" x2={size.width} y1={yOf(part)} y2={yOf(part)} />
            ))}
            {points.map((point, index) => (
              <Bar point={point} index={index} count={points.length} highest={highest} />
            ))}
          </svg>
          <span class="at-top">{format(highest)}</span>
          <span class="at-middle">{format(highest / 2)}</span>
          {ends && <Ends ends={ends} filled={points.length / Math.max(points.length, fewest)} />}
        </div>
      ) : (
        <p class="faint">No data yet.</p>
      )}
    </figure>
  );
}

/** Labels below the first and the last bar. @param filled share of the width that has bars */
function Ends({ ends: [first, last], filled }: { ends: readonly [string, string]; filled: number }) {
  return (
    <svg class="ends" aria-hidden="true">
      {filled > leastForTwo && (
        <text x="0" y="1rem">
          {first}
        </text>
      )}
      <text x={`${filled * 100}%`} y="1rem" text-anchor={filled > leastForTwo ? 'end' : 'middle'}>
        {last}
      </text>
    </svg>
  );
}

function Bar({ point, index, count, highest }: { point: Point; index: number; count: number; highest: number }) {
  if (point.value === null) return null;
  const step = (size.width - size.left) / Math.max(count, fewest);
  const y = yOf(Math.min(1, point.value / highest));
  const height = Math.max(1.5, size.height - size.bottom - y);
  const x = size.left + index * step;
  // the whole column reacts to the pointer, however low the bar is
  const bar = (
    <g>
      <title>{point.title}</title>
      <rect class="column" x={x} y={0} width={step} height={size.height} />
      <rect class={point.class} x={x} y={y} width={step * 0.78} height={height} />
    </g>
  );
  if (point.href === undefined) return bar;
  return (
    <a href={point.href} aria-label={point.title}>
      {bar}
    </a>
  );
}

function yOf(part: number): number {
  return 4 + (1 - part) * (size.height - size.bottom - 4);
}
