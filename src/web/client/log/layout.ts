import { lastWhere, type Rows, type Segment } from './rows.ts';

/** Height of a row of one line in pixels, as in the style sheet. Lower ones are hard to hit with a finger (WCAG 2.5.8). */
export const rowHeight = 24;
/** Lines whose heights are stored: more than a person scrolls through. */
const mostMeasured = 50_000;

/**
 * Where the rows of a log are, in pixels below the first one. A row counts as one line high until it has been measured: a
 * wrapped line is higher, and the end of a group is not shown at all.
 */
export class Layout {
  readonly #rows: Rows;
  /** lines of another height, in ascending order, and how many pixels each one differs */
  #lines: number[] = [];
  #extras: number[] = [];
  /** sums of the extras before each entry, with one entry more than the extras; made when needed */
  #sums: number[] | undefined;
  #segments: readonly Segment[] = [];
  /** top of each segment, with the whole height at the end */
  #tops: number[] | undefined;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** Height of all rows. */
  get height(): number {
    return this.#topsNow().at(-1) ?? 0;
  }

  topOf(row: number): number {
    const tops = this.#topsNow();
    const at = lastWhere(this.#segments.length, (one) => (this.#segments[one]?.row ?? 0) <= row);
    const segment = this.#segments[at];
    return segment ? (tops[at] ?? 0) + this.#within(segment, row - segment.row) : 0;
  }

  /** The row at a distance from the first one's top; the last row for what is below all. */
  rowAt(top: number): number {
    const tops = this.#topsNow();
    const at = lastWhere(this.#segments.length, (one) => (tops[one] ?? 0) <= top);
    const segment = this.#segments[at];
    if (!segment) return 0;
    const count = 'step' in segment ? 1 : segment.to - segment.from;
    const rest = top - (tops[at] ?? 0);
    return (
      segment.row +
      Math.max(
        0,
        lastWhere(count, (row) => this.#within(segment, row) <= rest),
      )
    );
  }

  /** Takes the height of a line's row. @returns whether it is another one than before */
  measured(line: number, height: number): boolean {
    const at = this.#storedBefore(line);
    const isStored = this.#lines[at] === line;
    const extra = height - rowHeight;
    if (extra === (isStored ? this.#extras[at] : 0)) return false;
    if (this.#lines.length >= mostMeasured && !isStored) this.forget();
    if (isStored) this.#extras[at] = extra;
    else {
      const place = this.#storedBefore(line);
      this.#lines.splice(place, 0, line);
      this.#extras.splice(place, 0, extra);
    }
    this.#sums = undefined;
    this.#tops = undefined;
    return true;
  }

  /** Forgets all heights, since the width has changed. */
  forget(): void {
    this.#lines = [];
    this.#extras = [];
    this.#sums = undefined;
    this.#tops = undefined;
  }

  /** Number of stored lines before a line. */
  #storedBefore(line: number): number {
    return lastWhere(this.#lines.length, (at) => (this.#lines[at] ?? 0) < line) + 1;
  }

  /** Height of the first `rows` rows of a segment. */
  #within(segment: Segment, rows: number): number {
    if ('step' in segment) return rows * rowHeight;
    return rows * rowHeight + this.#extraBefore(segment.from + rows) - this.#extraBefore(segment.from);
  }

  #extraBefore(line: number): number {
    if (!this.#sums) {
      this.#sums = [0];
      for (const extra of this.#extras) this.#sums.push((this.#sums.at(-1) ?? 0) + extra);
    }
    return this.#sums[this.#storedBefore(line)] ?? 0;
  }

  #topsNow(): readonly number[] {
    const { segments } = this.#rows;
    if (this.#tops && this.#segments === segments) return this.#tops;
    this.#segments = segments;
    let top = 0;
    this.#tops = [0];
    for (const segment of segments) {
      top += this.#within(segment, 'step' in segment ? 1 : segment.to - segment.from);
      this.#tops.push(top);
    }
    return this.#tops;
  }
}
