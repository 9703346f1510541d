import { type DifferenceLine, differenceOf } from '../text/difference.ts';

interface Compared {
  expected: string;
  actual: string;
  /** when comparing must be over, by `performance.now()`; the differences of a page share the time */
  until: number;
}

const signs = { expected: '-', actual: '+', both: ' ' } as const;

/** How what a test got differs from what it expected. Signs tell the sides apart, too, and words for screen readers. */
export function Difference({ expected, actual, until }: Compared) {
  return (
    <figure class="difference">
      <figcaption>
        <del>- expected</del> <ins>+ actual</ins>
      </figcaption>
      <pre tabindex={0}>
        <code>
          {differenceOf(expected, actual, until).map((line) => (
            <Line line={line} />
          ))}
        </code>
      </pre>
    </figure>
  );
}

function Line({ line }: { line: DifferenceLine }) {
  if (line.side === 'left-out') return <span class="left-out">{`… ${line.lines} more lines\n`}</span>;
  const { side, pieces } = line;
  const text = (
    <>
      <span class="sign">{signs[side]}</span>
      {side !== 'both' && <span class="hidden">{side}: </span>}
      {pieces.map(({ text, changed }) => (changed ? <mark>{text}</mark> : text))}
      {'\n'}
    </>
  );
  if (side === 'both') return <span>{text}</span>;
  return side === 'expected' ? <del>{text}</del> : <ins>{text}</ins>;
}
