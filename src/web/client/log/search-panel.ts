import { type ChosenLines, writeAddress } from './address.ts';
import type { LogSearch } from './search.ts';
import type { Tools } from './tools.ts';

interface Options {
  section: HTMLElement;
  form: HTMLFormElement;
  search: LogSearch;
  tools: Tools;
  /** the lines that the reader has chosen */
  chosen(): ChosenLines | undefined;
  /** is called when other lines match, or when the reader wants to see only these or all lines */
  changed(): void;
}

/** The form that searches the log, with its switches, and the buttons that go from match to match. */
export class SearchPanel {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
    const { form, search, tools } = options;
    tools.previous.addEventListener('click', () => search.step(-1));
    tools.next.addEventListener('click', () => search.step(1));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.find();
    });
    form.addEventListener('change', ({ target }) => {
      if (target instanceof HTMLInputElement && target.type === 'checkbox' && this.hasText)
        void this.find(search.current);
    });
    form.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !event.shiftKey) return;
      event.preventDefault();
      search.step(-1);
    });
  }

  get hasText(): boolean {
    return this.#text !== '';
  }

  /** Whether only the lines that match are shown. */
  get isOnly(): boolean {
    return this.hasText && new FormData(this.#options.form).has('only');
  }

  /** Searches for what is in the form. @param near as for LogSearch */
  async find(near?: number): Promise<void> {
    const data = new FormData(this.#options.form);
    this.writeAddress();
    this.#options.changed();
    const query = { text: this.#text, regex: data.has('regex'), matchCase: data.has('case') };
    await this.#options.search.find(query, near);
  }

  /** Shows the state of the search. */
  show(text: string): void {
    const { section, search, tools } = this.#options;
    const found = section.querySelector('.found');
    if (found && found.textContent !== text) found.textContent = text;
    for (const button of [tools.previous, tools.next]) button.hidden = search.lines.length === 0;
    this.#options.changed();
  }

  /** Writes the search and the chosen lines into the address. */
  writeAddress(): void {
    const { form, section, chosen } = this.#options;
    writeAddress(form, section, chosen());
  }

  /** Shows all lines again. */
  showAll(): void {
    const only = this.#options.form.elements.namedItem('only');
    if (only instanceof HTMLInputElement) only.checked = false;
    this.#options.changed();
  }

  get #text(): string {
    return String(new FormData(this.#options.form).get('q') ?? '').trim();
  }
}
