import type { Scale } from './chart-scale.ts';

/** A bar of a chart: its parts from the bottom up; none leaves a gap. */
export interface Bar {
  /** tooltip */
  title: string;
  href?: string | undefined;
  parts: readonly { value: number; class: string }[];
}

/** Sizes in units of the drawing, which is stretched to the width of its container. */
const size = { width: 1000, height: 100 };
/** The widest bar, as a share of the width: a few bars do not become blocks. */
const widest = 1 / 24;
/** The lowest part, which shows that there is a value. */
const lowest = 1.5;
/** Labels below the bars, at most: as many fit on a phone. */
const mostTicks = 5;

interface Shown {
  title: string;
  /** the value that stands for all bars, beside the title */
  headline?: string | undefined;
  /** oldest first */
  bars: readonly Bar[];
  scale: Scale;
  /** the value at the top; if absent, a round one above the highest bar */
  top?: number;
  /** a label for each bar, of which some are shown below */
  labels: readonly string[];
  /** what the parts are called, by their classes, where a bar has several */
  parts?: readonly (readonly [name: string, word: string])[];
}

/** A bar chart. The server draws it, so it needs no script. It is hidden from screen readers: a table has the values, too. */
export function Chart({ title, headline, bars, scale, top, labels, parts = [] }: Shown) {
  const heights = bars.map((bar) => bar.parts.reduce((sum, { value }) => sum + value, 0));
  const highest = top ?? scale.topFor(Math.max(0, ...heights));
  const hasValues = bars.some((bar) => bar.parts.length > 0);
  return (
    <figure class="chart">
      <figcaption>
        <span>{title}</span> {headline !== undefined && <strong>{headline}</strong>}
      </figcaption>
      {hasValues ? (
        <div class="plot" aria-hidden="true">
          <div class="scale">
            {[highest, highest / 2, 0].map((value) => (
              <span>{value === 0 ? '0' : scale.label(value)}</span>
            ))}
          </div>
          <svg
            class="drawing"
            aria-hidden="true"
            viewBox={`0 0 ${size.width} ${size.height}`}
            preserveAspectRatio="none"
          >
            <path
              class="guide"
              d={`M0 0H${size.width}M0 ${size.height / 2}H${size.width}M0 ${size.height}H${size.width}`}
            />
            {pathsOf(bars, highest).map(([name, path]) => (
              <path class={name} d={path} />
            ))}
            {bars.map((bar, index) => (
              <Column bar={bar} at={index} count={bars.length} />
            ))}
          </svg>
          <Ticks labels={labels} />
        </div>
      ) : (
        <p class="faint">No data yet.</p>
      )}
      {hasValues && parts.length > 0 && (
        <p class="parts" aria-hidden="true">
          {parts.map(([name, word]) => (
            <span class={name}>{word}</span>
          ))}
        </p>
      )}
    </figure>
  );
}

/** All parts of one class as one path, which takes less space in the page than an element for each. */
function pathsOf(bars: readonly Bar[], highest: number): [name: string, path: string][] {
  const paths = new Map<string, string>();
  const slot = size.width / bars.length;
  const width = Math.min(slot * 0.8, size.width * widest);
  for (const [index, { parts }] of bars.entries()) {
    const left = index * slot + (slot - width) / 2;
    let bottom = size.height;
    for (const { value, class: name } of parts) {
      const height = Math.min(bottom, Math.max(lowest, (value / highest) * size.height));
      bottom -= height;
      const box = `M${short(left)} ${short(bottom)}h${short(width)}v${short(height)}h${short(-width)}z`;
      paths.set(name, (paths.get(name) ?? '') + box);
    }
  }
  return [...paths];
}

/** The column of a bar reacts to the pointer, however low the bar is. */
function Column({ bar: { title, href, parts }, at, count }: { bar: Bar; at: number; count: number }) {
  if (parts.length === 0) return null;
  const slot = size.width / count;
  const area = (
    <>
      <title>{title}</title>
      <rect x={short(at * slot)} width={short(slot)} height={size.height} />
    </>
  );
  // the links are for the pointer alone: nobody wants to step through hundreds of bars
  return href === undefined ? (
    <g>{area}</g>
  ) : (
    <a href={href} tabindex={-1}>
      {area}
    </a>
  );
}

/** Some of the labels, spread evenly, each below its bar. */
function Ticks({ labels }: { labels: readonly string[] }) {
  const last = labels.length - 1;
  const count = Math.min(mostTicks, labels.length);
  const shown = Array.from({ length: count }, (_, tick) =>
    count === 1 ? last : Math.min(last, Math.floor((tick * labels.length) / (count - 1))),
  );
  return (
    <svg class="ticks" aria-hidden="true">
      {shown.map((index) => {
        const anchor = count > 1 && index === 0 ? 'start' : count > 1 && index === last ? 'end' : 'middle';
        const at = { start: index, middle: index + 0.5, end: index + 1 }[anchor] / labels.length;
        return (
          <text x={`${short(at * 100)}%`} y="1rem" text-anchor={anchor}>
            {labels[index]}
          </text>
        );
      })}
    </svg>
  );
}

/** A coordinate with as many digits as can be seen. */
function short(value: number): number {
  return Math.round(value * 10) / 10;
}
