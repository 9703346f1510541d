/** One value of a chart; null where there is none. */
export interface Point {
  value: number | null;
  /** what the pointer is told */
  title: string;
  href?: string;
  /** gives the colour */
  class: string;
}

/** Sizes in units of the drawing, which is as wide as its place. */
const size = { width: 600, height: 120, left: 4, bottom: 2 };
/** Where there are fewer bars, they leave room for those to come. */
const fewest = 20;
/** On less than this share of the width there is no room for two names. */
const leastForTwo = 0.3;
/** Two lines in the height of the chart help to read it. */
const guides = [0.5, 1];

interface Shown {
  title: string;
  points: readonly Point[];
  /** writes a value */
  format: (value: number) => string;
  /** the value at the top; the largest of the points where it is absent */
  top?: number;
  /** what the points are */
  of?: string;
  /** what the first and the last point are called */
  ends?: readonly [first: string, last: string];
}

/** A chart of bars, one for each point, from the oldest to the newest: drawn on the server, so that it needs no script. */
export function Chart({ title, points, format, top, of = 'builds', ends }: Shown) {
  const values = points.flatMap(({ value }) => value ?? []);
  // where all are zero, they stand on the ground
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
        <p class="faint">Nothing to show yet.</p>
      )}
    </figure>
  );
}

/** Names below the first and the last bar. @param filled share of the width that has bars */
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
  // a pointer meets the whole column, however low the bar
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
