import type { ChosenLines } from './address.ts';
import type { LogNote } from './notes.ts';
import type { LineRow, Row } from './row-elements.ts';
import type { Rows } from './rows.ts';
import type { LogSearch } from './search.ts';
import type { LogStep } from './steps.ts';
import type { LineStore } from './store.ts';

/** What each row of a log shows. */
export class RowContents {
  steps: LogStep[] = [];
  notes = new Map<number, LogNote[]>();
  showsTimes = false;
  /** what the reader has chosen */
  chosen: ChosenLines | undefined;
  /** whether only the lines that match are shown */
  isOnly = false;
  /** the line where the job has failed */
  readonly failing: number | undefined;
  readonly #rows: Rows;
  readonly #store: LineStore;
  readonly #search: LogSearch;

  constructor(rows: Rows, store: LineStore, search: LogSearch, failing: number | undefined) {
    this.#rows = rows;
    this.#store = store;
    this.#search = search;
    this.failing = failing;
  }

  at(row: number): Row {
    const content = this.#rows.at(row);
    if ('line' in content) return this.isOnly ? this.#match(content.line) : this.#line(content.line);
    const { name = '', status = '', took = '' } = this.steps[content.step] ?? {};
    return { step: content.step, name, status, took, open: this.#rows.isOpen(content.step) };
  }

  #line(line: number): LineRow {
    const timed = this.#store.at(line);
    return {
      ...this.#common(line, timed?.at),
      content: timed?.line,
      found: this.#search.found(line),
      group: timed?.line.mark === 'group' ? (this.#rows.isFolded(line) ? 'folded' : 'open') : undefined,
    };
  }

  #match(line: number): LineRow {
    const excerpt = this.#search.excerpt(line);
    const common = this.#common(line, excerpt?.at);
    return { ...common, content: excerpt?.content, found: excerpt?.found ?? [], group: undefined };
  }

  #common(line: number, at: number | undefined) {
    const isChosen = this.chosen && line >= this.chosen.first && line <= this.chosen.last;
    const classes = [
      isChosen ? 'chosen' : '',
      line === this.#search.current ? 'at' : '',
      line === this.failing ? 'failing' : '',
    ];
    return {
      line,
      classes: classes.filter(Boolean).join(' '),
      time: this.showsTimes ? timeOf(at) : undefined,
      notes: this.notes.get(line) ?? [],
    };
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
