import type { Line } from '../../text/terminal.ts';
import { nodesOf } from './line-nodes.ts';
import { type LogNote, noteElement } from './notes.ts';

/** Height of a row in pixels, equal to that in the style sheet. Lower ones are hard to hit with a finger (WCAG 2.5.8). */
const rowHeight = 24;
/** Browsers draw no element much higher than this, in pixels. For a longer log, a pixel of the scroll bar means more. */
const highest = 8_000_000;
/** Rows that are drawn above and below the visible ones. */
const margin = 15;

/** A line of the log, or the heading of a step. */
export type Row = LineRow | StepRow;

export interface StepRow {
  /** number of the step among those that the log shows, from 0 */
  step: number;
  name: string;
  status: string;
  /** its duration, as text */
  took: string;
  open: boolean;
}

export interface LineRow {
  /** number of the line, from 0 */
  line: number;
  /** undefined while it is not loaded */
  text: Line | undefined;
  /** state of the group that begins here; undefined if none does */
  group: 'open' | 'folded' | undefined;
  classes: string;
  /** when it arrived, if times are shown */
  time: string | undefined;
  notes: readonly LogNote[];
}

/** Draws only the visible rows of a list, however long the list is. */
export class RowWindow {
  readonly #scroller: HTMLElement;
  readonly #canvas = document.createElement('div');
  readonly #shown = document.createElement('div');
  readonly #rowAt: (row: number) => Row;
  readonly #looked: (firstRow: number, lastRow: number) => void;
  #rows = 0;
  #planned = false;
  /** whether the reader is at the end and should stay there as the log grows */
  #atEnd = true;

  constructor(scroller: HTMLElement, rowAt: (row: number) => Row, looked: (firstRow: number, lastRow: number) => void) {
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

  /** Call this when the list has changed. */
  update(rows: number): void {
    if (rows !== this.#rows) this.#canvas.style.height = `${Math.min(rows * rowHeight, highest)}px`;
    this.#rows = rows;
    if (this.#atEnd) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#plan();
  }

  /** Scrolls a row into the upper third of the window. */
  show(row: number): void {
    this.#atEnd = false;
    const { clientHeight } = this.#scroller;
    const top = Math.max(0, row * rowHeight - clientHeight / 3);
    this.#scroller.scrollTop = top * this.#scale();
    this.#plan();
  }

  /** Stays where it is, also if the log grows. */
  stay(): void {
    this.#atEnd = false;
  }

  /** Goes to the end and stays there as the log grows. */
  toEnd(): void {
    this.#atEnd = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#plan();
  }

  get isAtEnd(): boolean {
    return this.#atEnd;
  }

  /** Gives the focus to the twin of an element that a drawing has replaced. */
  #focus(key: string): void {
    const twin = [...this.#shown.querySelectorAll('a, button')].find((one) => focusKey(one) === key);
    if (twin instanceof HTMLElement) twin.focus({ preventScroll: true });
  }

  /** Pixels of the scroll bar for one pixel of the list. */
  #scale(): number {
    const { clientHeight } = this.#scroller;
    const whole = this.#rows * rowHeight;
    return whole <= highest ? 1 : (highest - clientHeight) / (whole - clientHeight);
  }

  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    // a hidden page gets no frames and needs none
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
    const focused = this.#shown.contains(document.activeElement) ? focusKey(document.activeElement) : undefined;
    this.#shown.replaceChildren(...rows);
    if (focused !== undefined) this.#focus(focused);
    this.#shown.style.transform = `translateY(${scrollTop - (top - first * rowHeight)}px)`;
    if (last >= first) this.#looked(first, last);
  }
}

/** What an element of a row is, the same after it has been drawn again. */
function focusKey(element: Element | null): string | undefined {
  return element instanceof HTMLElement
    ? `${element.className} ${Object.values(element.dataset).join(' ')}`
    : undefined;
}

function elementOf(row: Row): HTMLElement {
  return 'step' in row ? stepElement(row) : lineElement(row);
}

/** The heading of a step: a button that opens and closes it. */
function stepElement({ step, name, status, took, open }: StepRow): HTMLElement {
  const row = document.createElement('div');
  row.className = 'row step';
  const button = document.createElement('button');
  button.type = 'button';
  button.className = `step ${status}`;
  button.dataset.step = String(step);
  button.setAttribute('aria-expanded', String(open));
  const title = document.createElement('span');
  title.className = 'name';
  title.textContent = name;
  const dot = document.createElement('span');
  dot.className = `dot ${status}`;
  const duration = document.createElement('span');
  duration.className = 'number';
  duration.textContent = took;
  button.append(dot, title, duration);
  row.append(button);
  return row;
}

function lineElement({ line, text, group, classes, time, notes }: LineRow): HTMLElement {
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
  row.append(code, ...notes.map((note) => noteElement(note, line)));
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
