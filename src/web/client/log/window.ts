import { type Layout, rowHeight } from './layout.ts';
import { elementOf, isSame, keyOf, type Row } from './row-elements.ts';

/** Browsers draw no element much higher than this, in pixels. For a longer log, a pixel of the scroll bar means more. */
const highest = 8_000_000;
/** Rows that are drawn above and below the visible ones. */
const margin = 15;

/** A row that stays where it is in the window while rows above it turn out higher or lower than they counted. */
interface Anchor {
  row: number;
  /** pixels from the top of the window to the row's top */
  offset: number;
}

interface Drawn {
  row: Row;
  element: HTMLElement;
}

interface Options {
  rowAt(row: number): Row;
  /** is told which rows are drawn, and whether the end is among them */
  looked(firstRow: number, lastRow: number): void;
}

/**
 * Draws only the visible rows of a list, however long the list is. Rows that have not changed keep their elements, so that a
 * selection and the focus stay.
 */
export class RowWindow {
  readonly #scroller: HTMLElement;
  readonly #layout: Layout;
  readonly #options: Options;
  readonly #canvas = document.createElement('div');
  readonly #shown = document.createElement('div');
  #drawn = new Map<string, Drawn>();
  #rows = 0;
  #planned = false;
  /** whether the reader is at the end and should stay there as the log grows */
  #atEnd = true;
  /** what the reader was brought to, until the reader scrolls */
  #anchor: Anchor | undefined;
  /** where this class has scrolled to; a scroll event at another place comes from the reader */
  #scrolledTo = -1;
  #width = 0;

  constructor(scroller: HTMLElement, layout: Layout, options: Options) {
    this.#scroller = scroller;
    this.#layout = layout;
    this.#options = options;
    this.#canvas.className = 'canvas';
    this.#shown.className = 'rows';
    this.#canvas.append(this.#shown);
    scroller.replaceChildren(this.#canvas);
    scroller.addEventListener('scroll', () => this.#scrolled());
    this.#width = scroller.clientWidth;
    new ResizeObserver(() => this.#resized()).observe(scroller);
  }

  /** Call this when the list has changed. */
  update(rows: number): void {
    this.#rows = rows;
    this.#resizeCanvas();
    this.#plan();
  }

  /** Scrolls a row into the upper third of the window. */
  show(row: number): void {
    this.#atEnd = false;
    this.#anchor = { row, offset: this.#scroller.clientHeight / 3 };
    this.#hold(this.#anchor);
    this.#plan();
  }

  /** Stays where it is, also if the log grows. */
  stay(): void {
    this.#atEnd = false;
    this.#anchor = undefined;
  }

  /** Goes to the end and stays there as the log grows. */
  toEnd(): void {
    this.#atEnd = true;
    this.#anchor = undefined;
    this.#resizeCanvas();
    this.#plan();
  }

  get isAtEnd(): boolean {
    return this.#atEnd;
  }

  /** Measures all rows anew, since they are drawn in another way. What is at the top stays there. */
  remeasure(): void {
    const anchor = this.#anchor ?? this.#topRow();
    this.#layout.forget();
    this.#anchor = anchor;
    this.#resizeCanvas();
    this.#plan();
  }

  #scrolled(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.#scroller;
    if (Math.abs(scrollTop - this.#scrolledTo) >= 1) {
      this.#anchor = undefined;
      this.#atEnd = scrollHeight - clientHeight - scrollTop < rowHeight;
      this.#scrolledTo = -1;
    }
    this.#plan();
  }

  #resized(): void {
    const { clientWidth } = this.#scroller;
    if (clientWidth !== this.#width) this.remeasure();
    this.#width = clientWidth;
    this.#resizeCanvas();
    this.#plan();
  }

  /** Gives the canvas the height of the list, and stays at the end or at the anchor. */
  #resizeCanvas(): void {
    const height = `${Math.min(this.#layout.height, highest)}px`;
    if (this.#canvas.style.height !== height) this.#canvas.style.height = height;
    if (this.#atEnd) this.#scrollTo(this.#scroller.scrollHeight - this.#scroller.clientHeight);
    else if (this.#anchor) this.#hold(this.#anchor);
  }

  #hold({ row, offset }: Anchor): void {
    this.#scrollTo(Math.max(0, this.#layout.topOf(row) - offset) * this.#scale());
  }

  #scrollTo(top: number): void {
    if (Math.abs(this.#scroller.scrollTop - top) >= 1) this.#scroller.scrollTop = top;
    this.#scrolledTo = this.#scroller.scrollTop;
  }

  #topRow(): Anchor {
    const top = this.#top();
    const row = this.#layout.rowAt(top);
    return { row, offset: this.#layout.topOf(row) - top };
  }

  /** The pixel of the list at the top of the window. */
  #top(): number {
    return this.#scroller.scrollTop / this.#scale();
  }

  /** Pixels of the scroll bar for one pixel of the list. */
  #scale(): number {
    const { clientHeight } = this.#scroller;
    const { height } = this.#layout;
    return height <= highest ? 1 : (highest - clientHeight) / (height - clientHeight);
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
    const { clientHeight } = this.#scroller;
    const anchor = this.#topRow();
    const first = Math.max(0, anchor.row - margin);
    const last = Math.min(this.#rows - 1, this.#layout.rowAt(this.#top() + clientHeight) + margin);
    const rows: Row[] = [];
    for (let row = first; row <= last; row++) rows.push(this.#options.rowAt(row));
    this.#place(rows);
    if (this.#measure(rows)) {
      // rows above the first visible one have moved it, and more rows may have come into sight
      this.#anchor ??= this.#atEnd ? undefined : anchor;
      this.#resizeCanvas();
      if (this.#anchor === anchor) this.#anchor = undefined;
      this.#plan();
    }
    const top = this.#top() - this.#layout.topOf(first);
    this.#shown.style.transform = `translateY(${this.#scroller.scrollTop - top}px)`;
    if (last >= first) this.#options.looked(first, last);
  }

  /** Draws rows in place of the last ones. */
  #place(rows: readonly Row[]): void {
    const focused = this.#shown.contains(document.activeElement) ? focusKey(document.activeElement) : undefined;
    const before = this.#drawn;
    this.#drawn = new Map(
      rows.map((row) => {
        const known = before.get(keyOf(row));
        return [keyOf(row), known && isSame(known.row, row) ? known : { row, element: elementOf(row) }];
      }),
    );
    for (const [key, { element }] of before) if (this.#drawn.get(key)?.element !== element) element.remove();
    let next = this.#shown.firstChild;
    for (const { element } of this.#drawn.values()) {
      if (element === next) next = next.nextSibling;
      else this.#shown.insertBefore(element, next);
    }
    if (focused !== undefined && !this.#shown.contains(document.activeElement)) this.#focus(focused);
  }

  /** @returns whether a height has changed */
  #measure(rows: readonly Row[]): boolean {
    let changed = false;
    for (const row of rows) {
      const element = this.#drawn.get(keyOf(row))?.element;
      if ('line' in row && element) changed = this.#layout.measured(row.line, element.offsetHeight) || changed;
    }
    return changed;
  }

  /** Gives the focus to the twin of an element that a drawing has replaced. */
  #focus(key: string): void {
    const twin = [...this.#shown.querySelectorAll('a, button')].find((one) => focusKey(one) === key);
    if (twin instanceof HTMLElement) twin.focus({ preventScroll: true });
  }
}

/** What an element of a row is, the same after it has been drawn again. */
function focusKey(element: Element | null): string | undefined {
  return element instanceof HTMLElement
    ? `${element.className} ${Object.values(element.dataset).join(' ')}`
    : undefined;
}
