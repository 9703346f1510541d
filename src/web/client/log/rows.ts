/** A row of a log: a line, or the heading of a step. Lines, rows and steps are numbered from 0. */
export type RowContent = { line: number } | { step: number };

/** The lines of a step: from `first` to before `end`. */
export interface StepLines {
  first: number;
  /** undefined while the step runs */
  end: number | undefined;
}

/** Some rows: lines that follow each other, or one heading. */
export type Segment = { row: number; from: number; to: number } | { row: number; step: number; first: number };

/**
 * Which lines and headings the rows of a log show. Each step has a heading before its first line; a closed step shows no
 * lines, and a folded group only its first one.
 */
export class Rows {
  #steps: readonly StepLines[] = [];
  readonly #closed = new Set<number>();
  /** folded groups by their first line: lines `head + 1` to `end` are hidden */
  #folded: { head: number; end: number }[] = [];
  /** the only lines that are shown, in ascending order */
  #only: readonly number[] | undefined;
  #lines = 0;
  #segments: readonly Segment[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** All rows, in their order; another array after each change. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** @param lines number of lines that the log has now */
  grow(lines: number): void {
    if (lines === this.#lines) return;
    this.#lines = lines;
    this.#lay();
  }

  /** @param steps in the order of their lines */
  setSteps(steps: readonly StepLines[]): void {
    this.#steps = steps;
    this.#lay();
  }

  isOpen(step: number): boolean {
    return !this.#closed.has(step);
  }

  open(step: number): void {
    this.#closed.delete(step);
    this.#lay();
  }

  close(step: number): void {
    this.#closed.add(step);
    this.#lay();
  }

  isFolded(head: number): boolean {
    return this.#folded.some((fold) => fold.head === head);
  }

  /** Hides the lines after `head` up to `end`. */
  fold(head: number, end: number): void {
    const apart = this.#folded.filter((fold) => fold.head < head || fold.head > end);
    this.#folded = [...apart, { head, end }].sort((a, b) => a.head - b.head);
    this.#lay();
  }

  unfold(head: number): void {
    this.#folded = this.#folded.filter((fold) => fold.head !== head);
    this.#lay();
  }

  /** Shows only some lines, without headings. @param lines in ascending order; undefined for all lines */
  showOnly(lines: readonly number[] | undefined): void {
    this.#only = lines;
    this.#lay();
  }

  /** Opens the step and unfolds the group that hide a line. */
  reveal(line: number): void {
    this.#folded = this.#folded.filter(({ head, end }) => line <= head || line > end);
    for (const [index, step] of this.#steps.entries())
      if (line >= step.first && line < this.#endOf(step)) this.#closed.delete(index);
    this.#lay();
  }

  at(row: number): RowContent {
    const segment = this.#segments[lastWhere(this.#segments.length, (at) => (this.#segments[at]?.row ?? 0) <= row)];
    if (segment === undefined) return { line: row };
    return 'step' in segment ? { step: segment.step } : { line: segment.from + row - segment.row };
  }

  /** The row of a line; for a hidden line the row before it. */
  rowOf(line: number): number {
    let row = 0;
    for (const segment of this.#segments) {
      if ('step' in segment) {
        if (segment.first > line) break;
        row = segment.row;
      } else {
        if (segment.from > line) break;
        row = segment.row + Math.min(line, segment.to - 1) - segment.from;
      }
    }
    return row;
  }

  /** The lines that some rows show, as ranges from the first to the last line. */
  linesOf(firstRow: number, lastRow: number): [first: number, last: number][] {
    return this.#segments.flatMap((segment): [number, number][] => {
      if ('step' in segment) return [];
      const first = segment.from + Math.max(0, firstRow - segment.row);
      const last = Math.min(segment.to - 1, segment.from + lastRow - segment.row);
      return first <= last ? [[first, last]] : [];
    });
  }

  #endOf({ end }: StepLines): number {
    return end ?? Number.POSITIVE_INFINITY;
  }

  #lay(): void {
    if (this.#only) this.#layOnly(this.#only);
    else this.#layAll();
  }

  #layOnly(lines: readonly number[]): void {
    const segments: { row: number; from: number; to: number }[] = [];
    for (const [row, line] of lines.entries()) {
      const last = segments.at(-1);
      if (last?.to === line) last.to += 1;
      else segments.push({ row, from: line, to: line + 1 });
    }
    this.#segments = segments;
    this.#count = lines.length;
  }

  #layAll(): void {
    const hidden = this.#hidden();
    const segments: Segment[] = [];
    let row = 0;
    let line = 0;
    const show = (before: number) => {
      while (line < before) {
        const over = hidden.find(({ from, to }) => from <= line && line < to);
        if (over) {
          line = Math.min(before, over.to);
          continue;
        }
        const next = Math.min(before, ...hidden.filter(({ from }) => from > line).map(({ from }) => from));
        segments.push({ row, from: line, to: next });
        row += next - line;
        line = next;
      }
    };
    for (const [index, { first }] of this.#steps.entries()) {
      show(Math.min(first, this.#lines));
      segments.push({ row, step: index, first });
      row += 1;
    }
    show(this.#lines);
    this.#segments = segments;
    this.#count = row;
  }

  #hidden(): { from: number; to: number }[] {
    const steps = this.#steps.flatMap((step, index) =>
      this.#closed.has(index) ? [{ from: step.first, to: this.#endOf(step) }] : [],
    );
    return [...steps, ...this.#folded.map(({ head, end }) => ({ from: head + 1, to: end + 1 }))];
  }
}

/** The last of `count` numbers from 0 for which `is` holds, where it holds for none after one for which it does not; -1 for none. */
export function lastWhere(count: number, is: (at: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (is(middle)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
