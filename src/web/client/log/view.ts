import { linesInAddress } from './address.ts';
import { Appearance } from './appearance.ts';
import { Folds } from './folds.ts';
import { Following } from './following.ts';
import { Layout } from './layout.ts';
import { notesOnPage } from './notes.ts';
import { linesOnPage } from './page-lines.ts';
import { RowContents } from './row-contents.ts';
import { Rows } from './rows.ts';
import { LogSearch } from './search.ts';
import { SearchPanel } from './search-panel.ts';
import { stepsOnPage } from './steps.ts';
import { LineStore } from './store.ts';
import { isFullScreen } from './switches.ts';
import { addTools } from './tools.ts';
import { RowWindow } from './window.ts';

/** Digits of a line number for which there is room in any log. */
const leastDigits = 4;

/** A log on the page: the window over its lines, its steps, the search, and what the reader has chosen. */
export class LogView {
  readonly #section: HTMLElement;
  readonly #scroller: HTMLElement;
  readonly #rows = new Rows();
  readonly #layout = new Layout(this.#rows);
  readonly #store: LineStore;
  readonly #search: LogSearch;
  readonly #panel: SearchPanel;
  readonly #contents: RowContents;
  readonly #window: RowWindow;
  readonly #folds: Folds;
  readonly #following: Following;
  readonly #appearance: Appearance;

  /** @returns undefined if the section shows no log */
  static of(section: HTMLElement): LogView | undefined {
    const scroller = section.querySelector<HTMLElement>('.log-frame > .log');
    const form = section.querySelector<HTMLFormElement>('.log-search');
    return scroller && form ? new LogView(section, scroller, form) : undefined;
  }

  private constructor(section: HTMLElement, scroller: HTMLElement, form: HTMLFormElement) {
    this.#section = section;
    this.#scroller = scroller;
    const { job = '', attempt = '1', runs, failing, total, end } = section.dataset;
    const known = { ...linesOnPage(scroller), total: Number(total), end: Number(end) };
    this.#store = new LineStore(job, attempt, runs !== undefined, known, () => this.#update());
    this.#search = new LogSearch(
      job,
      attempt,
      (text) => this.#panel.show(text),
      (line) => this.#goTo(line),
    );
    const failed = failing === undefined ? undefined : Number(failing) - 1;
    this.#contents = new RowContents(this.#rows, this.#store, this.#search, failed);
    section.classList.add('windowed');
    // what the page has in place of the script's own ways through the log
    for (const part of section.querySelectorAll('.hits, .more-hits, .log-pages')) part.remove();
    this.#window = new RowWindow(scroller, this.#layout, {
      rowAt: (row) => this.#contents.at(row),
      looked: (first, last) => this.#looked(first, last),
    });
    this.#folds = new Folds(this.#rows, this.#store);
    const tools = addTools(section, { top: () => this.#toTop(), end: () => this.#toEnd() });
    this.#following = new Following(section, tools.newest);
    this.#appearance = new Appearance({
      ...{ scroller, tools },
      toggleTimes: () => {
        this.#contents.showsTimes = !this.#contents.showsTimes;
        return this.#contents.showsTimes;
      },
      changed: () => this.#window.remeasure(),
    });
    const parts = { section, form, search: this.#search, tools };
    this.#panel = new SearchPanel({
      ...parts,
      chosen: () => this.#contents.chosen,
      changed: () => this.#showMatches(),
    });
    this.#panel.show('');
    scroller.addEventListener('click', (event) => this.#clicked(event));
    scroller.addEventListener('scroll', () => this.#showWhetherFollowing());
    this.takeSteps();
    const { line, chosen } = section.dataset;
    const test = chosen === undefined ? undefined : Number(chosen) - 1;
    if (test !== undefined) this.#contents.chosen = { first: test, last: test };
    const first = line === undefined ? (test ?? failed) : Number(line) - 1;
    if (!this.goToAddress() && first !== undefined) this.#goTo(first);
    this.connect();
    if (this.#panel.hasText) void this.#panel.find(this.#contents.chosen?.first);
  }

  /** Follows the log while the page is visible. */
  connect(): void {
    if (document.hidden || !this.#section.isConnected) this.#store.disconnect();
    else this.#store.connect();
  }

  close(): void {
    this.#store.disconnect();
  }

  /** Shows the lines that the address names. @returns whether it names some */
  goToAddress(): boolean {
    const chosen = linesInAddress();
    if (!chosen) return false;
    this.#contents.chosen = chosen;
    this.#goTo(chosen.first);
    return true;
  }

  /** Takes the steps of the job and their annotations from the page. What a person has opened or closed stays so. */
  takeSteps(): void {
    const before = this.#contents.steps;
    this.#contents.steps = stepsOnPage();
    this.#contents.notes = notesOnPage();
    this.#folds.take(this.#contents.steps, before, this.#window.isAtEnd);
    this.#update();
  }

  /** A key that no field of a form and no other part of the page takes. @returns whether it means something here */
  press(key: string): boolean {
    if (key === 'Escape') {
      if (!isFullScreen()) return false;
      this.#appearance.toggleFullScreen();
    } else if (key === 'f') this.#appearance.toggleFullScreen();
    else if ((key === 'n' || key === 'N') && this.#search.lines.length > 0) this.#search.step(key === 'n' ? 1 : -1);
    else return false;
    return true;
  }

  /** Shows all rows, or only those that match. */
  #showMatches(): void {
    const { isOnly } = this.#panel;
    const isOther = isOnly !== this.#contents.isOnly;
    this.#contents.isOnly = isOnly;
    this.#rows.showOnly(isOnly ? [...this.#search.lines] : undefined);
    if (isOther) this.#window.remeasure();
    this.#update();
  }

  #goTo(line: number): void {
    this.#rows.reveal(line);
    this.#update();
    this.#window.show(this.#rows.rowOf(Math.max(0, Math.min(line, this.#store.count - 1))));
    this.#showWhetherFollowing();
  }

  #toTop(): void {
    this.#rows.reveal(0);
    this.#window.show(0);
    this.#showWhetherFollowing();
  }

  #toEnd(): void {
    this.#window.toEnd();
    this.#showWhetherFollowing();
  }

  #update(): void {
    const { count, isLive } = this.#store;
    this.#rows.grow(count);
    this.#scroller.dataset.digits = String(Math.max(leastDigits, String(count).length));
    this.#window.update(this.#rows.count);
    this.#showWhetherFollowing();
    const empty = this.#section.querySelector('.empty');
    if (count > 0) empty?.remove();
    else if (empty && !isLive) empty.textContent = 'No output.';
  }

  #showWhetherFollowing(): void {
    const { count, isLive } = this.#store;
    this.#following.show({ count, isLive, isAtEnd: this.#window.isAtEnd });
  }

  #looked(first: number, last: number): void {
    // the search has brought the lines that match
    if (!this.#contents.isOnly) for (const [from, to] of this.#rows.linesOf(first, last)) this.#store.want(from, to);
  }

  #clicked(event: MouseEvent): void {
    const { target } = event;
    if (!(target instanceof HTMLElement)) return;
    const head = target.closest<HTMLElement>('.fold')?.dataset.head;
    if (head !== undefined) void this.#toggle(() => this.#folds.toggleGroup(Number(head)));
    const step = target.closest<HTMLElement>('.row.step button')?.dataset.step;
    if (step !== undefined) void this.#toggle(() => this.#folds.toggleStep(Number(step)));
    const number = target.closest<HTMLElement>('.ln')?.dataset.n;
    if (number === undefined) return;
    event.preventDefault();
    this.#choose(Number(number) - 1, event.shiftKey);
  }

  /** A click chooses a line, with Shift a range. Among the lines that match, it shows the line between its neighbours. */
  #choose(line: number, isRange: boolean): void {
    const from = isRange && this.#contents.chosen ? this.#contents.chosen.first : line;
    this.#contents.chosen = { first: Math.min(from, line), last: Math.max(from, line) };
    if (this.#contents.isOnly) {
      this.#panel.showAll();
      this.#goTo(line);
    }
    this.#panel.writeAddress();
    this.#update();
  }

  /** Opens or closes something. What is above it stays where it is. */
  async #toggle(change: () => void | Promise<void>): Promise<void> {
    this.#window.stay();
    await change();
    this.#update();
  }
}
