import type { Line } from '../../text/terminal.ts';

/** Height of a row in pixels, as the style sheet has it. */
const rowHeight = 20;
/** Browsers draw nothing that is much higher than this, in pixels; of a longer log the scroll bar stands for more. */
const highest = 8_000_000;
/** Rows above and below what is seen. */
const margin = 15;

export interface Row {
  /** number of the line, from 0 */
  line: number;
  /** undefined while it is still to come */
  text: Line | undefined;
  /** whether it begins a group, and if so, whether that is folded */
  group: 'open' | 'folded' | undefined;
  classes: string;
  /** when it came, for those who want to see it */
  time: string | undefined;
}

/** Draws the rows of a list that are in sight, and no others, however long the list is. */
export class RowWindow {
  readonly #scroller: HTMLElement;
  readonly #canvas = document.createElement('div');
  readonly #shown = document.createElement('div');
  readonly #rowAt: (row: number) => Row;
  readonly #looked: (first: number, last: number) => void;
  #rows = 0;
  #planned = false;
  /** whether the reader is at the end, and wants to stay there as it moves on */
  #atEnd = true;

  constructor(scroller: HTMLElement, rowAt: (row: number) => Row, looked: (first: number, last: number) => void) {
    this.#scroller = scroller;
    this.#rowAt = rowAt;
    this.#looked = looked;
    this.#canvas.className = 'canvas';
    this.#shown.className = 'rows';
    this.#canvas.append(this.#shown);
    scroller.replaceChildren(this.#canvas);
    scroller.addEventListener('scroll', () => {
      const { scrollTop, clientHeight, scrollHeight } = scroller;
      this.#atEnd = scrollHeight - clientHeight - scrollTop < rowHeight;
      this.#plan();
    });
    new ResizeObserver(() => this.#plan()).observe(scroller);
  }

  /** The list has changed. */
  update(rows: number): void {
    if (rows !== this.#rows) this.#canvas.style.height = `${Math.min(rows * rowHeight, highest)}px`;
    this.#rows = rows;
    if (this.#atEnd) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#plan();
  }

  /** Brings a row into the upper third of what is seen. */
  show(row: number): void {
    this.#atEnd = false;
    const { clientHeight } = this.#scroller;
    const top = Math.max(0, row * rowHeight - clientHeight / 3);
    this.#scroller.scrollTop = top * this.#scale();
    this.#plan();
  }

  /** Goes to the end, and stays there as it moves on. */
  toEnd(): void {
    this.#atEnd = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#plan();
  }

  /** How many pixels of the scroll bar's way are one pixel of the list. */
  #scale(): number {
    const { clientHeight } = this.#scroller;
    const whole = this.#rows * rowHeight;
    return whole <= highest ? 1 : (highest - clientHeight) / (whole - clientHeight);
  }

  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    // a page out of sight gets no frames, and needs none
    requestAnimationFrame(() => {
      this.#planned = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { scrollTop, clientHeight } = this.#scroller;
    const top = scrollTop / this.#scale();
    const first = Math.max(0, Math.floor(top / rowHeight) - margin);
    const last = Math.min(this.#rows - 1, Math.ceil((top + clientHeight) / rowHeight) + margin);
    const rows: HTMLElement[] = [];
    for (let row = first; row <= last; row++) rows.push(elementOf(this.#rowAt(row)));
    this.#shown.replaceChildren(...rows);
    this.#shown.style.transform = `translateY(${scrollTop - (top - first * rowHeight)}px)`;
    if (last >= first) this.#looked(first, last);
  }
}

function elementOf({ line, text, group, classes, time }: Row): HTMLElement {
  const row = document.createElement('div');
  row.className = `row ${classes}`;
  const number = document.createElement('a');
  number.className = 'ln';
  number.href = `#L${line + 1}`;
  number.dataset.n = String(line + 1);
  number.setAttribute('aria-label', `line ${line + 1}`);
  const code = document.createElement('code');
  code.append(...nodesOf(text ?? []), '\n');
  row.append(number);
  if (time !== undefined) {
    const shown = document.createElement('span');
    shown.className = 'at-time';
    shown.dataset.time = time;
    row.append(shown);
  }
  if (group !== undefined) row.append(foldButton(line, group));
  row.append(code);
  return row;
}

function foldButton(line: number, group: 'open' | 'folded'): HTMLElement {
  const button = document.createElement('button');
  button.className = 'fold';
  button.dataset.head = String(line);
  button.setAttribute('aria-expanded', String(group === 'open'));
  button.setAttribute('aria-label', 'lines of this group');
  button.textContent = group === 'open' ? '▾' : '▸';
  return button;
}

function nodesOf(line: Line): (Node | string)[] {
  return line.map(({ text, style }) => {
    if (style === '') return text;
    const span = document.createElement('span');
    span.className = style;
    span.textContent = text;
    return span;
  });
}
