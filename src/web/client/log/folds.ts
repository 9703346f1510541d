/** The folded groups of a log, which hide lines. Lines and rows are numbered from 0. */
export class Folds {
  /** folded groups by their first line, sorted: lines `head + 1` to `end` are hidden */
  #folded: { head: number; end: number }[] = [];

  isFolded(head: number): boolean {
    return this.#folded.some((fold) => fold.head === head);
  }

  /** Hides the lines after `head` up to `end`. */
  fold(head: number, end: number): void {
    const apart = this.#folded.filter((fold) => fold.head < head || fold.head > end);
    this.#folded = [...apart, { head, end }].sort((a, b) => a.head - b.head);
  }

  unfold(head: number): void {
    this.#folded = this.#folded.filter((fold) => fold.head !== head);
  }

  /** Unfolds the group that hides a line. */
  reveal(line: number): void {
    this.#folded = this.#folded.filter(({ head, end }) => line <= head || line > end);
  }

  /** The number of visible rows of that many lines. */
  rows(lines: number): number {
    return this.#folded.reduce((rows, { head, end }) => rows - Math.max(0, Math.min(end, lines - 1) - head), lines);
  }

  lineAt(row: number): number {
    let line = row;
    for (const { head, end } of this.#folded) {
      if (line <= head) break;
      line += end - head;
    }
    return line;
  }

  rowOf(line: number): number {
    return this.#folded.reduce((row, { head, end }) => (line > head ? row - (Math.min(line, end) - head) : row), line);
  }
}
