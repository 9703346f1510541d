/**
 * Replaces the page's own lines by a window over the whole log of a job. It fetches and draws only visible lines, so a log
 * of a million lines works like a short one. It follows a running job, searches on the server, folds steps and groups, and
 * keeps the chosen lines in the address.
 */
import { logLine } from '../text/log-line.ts';
import { type LogNote, notesOnPage } from './log/notes.ts';
import { Rows } from './log/rows.ts';
import { LogSearch } from './log/search.ts';
import { isOpenAtFirst, type LogStep, stepsOnPage } from './log/steps.ts';
import { LineStore } from './log/store.ts';
import { type LineRow, type Row, RowWindow } from './log/window.ts';

class LogView {
  readonly #section: HTMLElement;
  readonly #rows = new Rows();
  readonly #store: LineStore;
  readonly #search: LogSearch;
  #window: RowWindow | undefined;
  #steps: LogStep[] = [];
  #notes = new Map<number, LogNote[]>();
  #showsTimes = false;
  #chosen: { first: number; last: number } | undefined;
  /** the line where the job has failed */
  readonly #failing: number | undefined;

  constructor(section: HTMLElement) {
    this.#section = section;
    const { job = '', attempt = '1', following, failing } = section.dataset;
    this.#failing = failing === undefined ? undefined : Number(failing) - 1;
    this.#store = new LineStore(job, attempt, following !== undefined, () => this.#update());
    const found = section.querySelector('.found');
    const tell = (text: string) => {
      if (found) found.textContent = text;
      this.#update();
    };
    this.#search = new LogSearch(job, attempt, tell, (line) => this.#goTo(line));
  }

  async begin(): Promise<void> {
    try {
      await this.#store.begin();
    } catch {
      // the page's own lines stay
      return;
    }
    const scroller = this.#section.querySelector<HTMLElement>('.log');
    if (!scroller) return;
    this.#section.classList.add('windowed');
    this.#window = new RowWindow(
      scroller,
      (row) => this.#row(row),
      (firstRow, lastRow) => {
        for (const [first, last] of this.#rows.linesOf(firstRow, lastRow)) this.#store.want(first, last);
      },
    );
    scroller.addEventListener('click', (event) => this.#clicked(event));
    this.#addTools();
    this.takeSteps();
    const { line, query } = this.#section.dataset;
    const first = line === undefined ? this.#failing : Number(line) - 1;
    if (!this.goToAddress() && first !== undefined) this.#goTo(first);
    this.connect();
    if (query !== undefined) await this.#search.find(query);
  }

  /** Follows the log while the page is visible. */
  connect(): void {
    if (document.hidden || !this.#section.isConnected) this.#store.disconnect();
    else if (this.#window) this.#store.connect();
  }

  close(): void {
    this.#store.disconnect();
  }

  /** Shows the lines of the address: `#L12`, or `#L12-L20`. */
  goToAddress(): boolean {
    const [, first, last] = /^#L(\d+)(?:-L(\d+))?$/.exec(location.hash) ?? [];
    if (first === undefined) return false;
    this.#chosen = { first: Number(first) - 1, last: Number(last ?? first) - 1 };
    this.#goTo(this.#chosen.first);
    return true;
  }

  /** Takes the steps of the job and their annotations from the page. What a person has opened or closed stays so. */
  takeSteps(): void {
    const before = this.#steps;
    this.#steps = stepsOnPage();
    this.#notes = notesOnPage();
    for (const [index, step] of this.#steps.entries()) {
      const known = before[index];
      const changed = known === undefined || known.status !== step.status;
      // a step that closes above the lines that somebody reads would move them
      if (!changed || (known && !this.#window?.isAtEnd)) continue;
      if (isOpenAtFirst(step, this.#steps)) this.#rows.open(index);
      else this.#rows.close(index);
    }
    this.#rows.setSteps(this.#steps);
    this.#update();
  }

  #goTo(line: number): void {
    this.#rows.reveal(line);
    this.#update();
    this.#window?.show(this.#rows.rowOf(Math.min(line, this.#store.count - 1)));
  }

  #update(): void {
    const { count, isLive } = this.#store;
    if (!isLive) delete this.#section.dataset.following;
    this.#rows.grow(count);
    this.#window?.update(this.#rows.count);
    const empty = this.#section.querySelector('.empty');
    if (count > 0) empty?.remove();
    else if (empty && !isLive) empty.textContent = 'No output.';
  }

  #row(row: number): Row {
    const content = this.#rows.at(row);
    if ('line' in content) return this.#line(content.line);
    const { name = '', status = '', took = '' } = this.#steps[content.step] ?? {};
    return { step: content.step, name, status, took, open: this.#rows.isOpen(content.step) };
  }

  #line(line: number): LineRow {
    const timed = this.#store.at(line);
    const { mark, spans } = logLine(timed?.spans ?? []);
    const isChosen = this.#chosen && line >= this.#chosen.first && line <= this.#chosen.last;
    const classes = [
      isChosen ? 'chosen' : '',
      this.#search.isHit(line) ? 'hit' : '',
      line === this.#search.current ? 'at' : '',
      mark ?? '',
      line === this.#failing ? 'failing' : '',
    ];
    return {
      line,
      text: spans,
      group: mark === 'group' ? (this.#rows.isFolded(line) ? 'folded' : 'open') : undefined,
      classes: classes.filter(Boolean).join(' '),
      time: this.#showsTimes ? timeOf(timed?.at) : undefined,
      notes: this.#notes.get(line) ?? [],
    };
  }

  #clicked(event: MouseEvent): void {
    const { target } = event;
    if (!(target instanceof HTMLElement)) return;
    const head = target.closest<HTMLElement>('.fold')?.dataset.head;
    if (head !== undefined) void this.#toggle(Number(head));
    const step = target.closest<HTMLElement>('.row.step button')?.dataset.step;
    if (step !== undefined) this.#toggleStep(Number(step));
    const number = target.closest<HTMLElement>('.ln')?.dataset.n;
    if (number === undefined) return;
    event.preventDefault();
    this.#choose(Number(number) - 1, event.shiftKey);
  }

  /** A click chooses a line, with Shift a range. The address names the job, too, so that people can share it. */
  #choose(line: number, isRange: boolean): void {
    const from = isRange && this.#chosen ? this.#chosen.first : line;
    this.#chosen = { first: Math.min(from, line), last: Math.max(from, line) };
    const { job = '', attempt = '1' } = this.#section.dataset;
    const { first, last } = this.#chosen;
    const hash = first === last ? `#L${first + 1}` : `#L${first + 1}-L${last + 1}`;
    history.replaceState(null, '', `?${new URLSearchParams({ job, attempt })}${hash}`);
    this.#update();
  }

  #toggleStep(step: number): void {
    this.#window?.stay();
    if (this.#rows.isOpen(step)) this.#rows.close(step);
    else this.#rows.open(step);
    this.#update();
  }

  async #toggle(head: number): Promise<void> {
    if (this.#rows.isFolded(head)) this.#rows.unfold(head);
    else this.#rows.fold(head, await this.#endOf(head));
    this.#update();
  }

  /** Last line of a group: its end mark, or the line before the next group. */
  async #endOf(head: number): Promise<number> {
    for (let line = head + 1; line < this.#store.count; line++) {
      const { mark } = logLine((await this.#store.fetched(line))?.spans ?? []);
      if (mark === 'endgroup') return line;
      if (mark === 'group') return line - 1;
    }
    return this.#store.count - 1;
  }

  #addTools(): void {
    const tools = this.#section.querySelector('.log-tools');
    tools?.replaceChildren(
      button('↑', 'Previous match', () => this.#search.step(-1)),
      button('↓', 'Next match', () => this.#search.step(1)),
      button('Times', 'Show the time of each line, in your time zone', (pressed) => {
        this.#showsTimes = !this.#showsTimes;
        pressed.setAttribute('aria-pressed', String(this.#showsTimes));
        this.#update();
      }),
      button('Top', 'First line of the log', () => this.#goTo(0)),
      button('End', 'Last line of the log', () => this.#window?.toEnd()),
    );
    this.#section.querySelector('.log-search')?.addEventListener('submit', (event) => {
      event.preventDefault();
      const input = this.#section.querySelector<HTMLInputElement>('.log-search [name=q]');
      void this.#search.find(input?.value.trim() ?? '');
    });
  }
}

/** `12:30:05.3`; empty if unknown. */
function timeOf(at: number | undefined): string {
  if (at === undefined) return '';
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const tenth = Math.floor(date.getMilliseconds() / 100);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${tenth}`;
}

function button(text: string, title: string, act: (pressed: HTMLButtonElement) => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.title = title;
  if (!/\w/.test(text)) made.setAttribute('aria-label', title);
  made.addEventListener('click', () => act(made));
  return made;
}

let view: LogView | undefined;

function begin(): void {
  view?.close();
  const section = document.querySelector<HTMLElement>('#log');
  view = section ? new LogView(section) : undefined;
  void view?.begin();
}

begin();
document.addEventListener('volt:log', begin);
document.addEventListener('volt:updated', () => view?.takeSteps());
document.addEventListener('visibilitychange', () => view?.connect());
window.addEventListener('hashchange', () => view?.goToAddress());
