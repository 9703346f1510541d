import { type Entry, foundEntries, ownEntries } from './entries.ts';

/** Milliseconds after the last key until the server is asked. */
const pause = 120;
/** The most entries of the browser's own, and of those before anything is typed. */
const mostOwn = 6;

/**
 * The command palette: a dialog with a field that finds pages, actions and whatever Volt knows, as a combobox with a list
 * (WAI-ARIA Authoring Practices, pattern "combobox", with the list's entry marked by `aria-activedescendant`).
 */
export class Palette {
  readonly #dialog = document.createElement('dialog');
  readonly #field = document.createElement('input');
  readonly #list = document.createElement('div');
  readonly #note = document.createElement('p');
  #entries: Entry[] = [];
  #active = 0;
  #timer: number | undefined;
  #asking: AbortController | undefined;

  constructor() {
    this.#dialog.className = 'palette';
    this.#dialog.setAttribute('aria-label', 'Search');
    Object.assign(this.#field, { type: 'text', autocomplete: 'off', spellcheck: false });
    this.#field.placeholder = 'Search, or type a command';
    set(this.#field, { role: 'combobox', 'aria-label': 'Search', 'aria-autocomplete': 'list' });
    set(this.#field, { 'aria-expanded': 'true', 'aria-controls': 'palette-list' });
    this.#list.id = 'palette-list';
    set(this.#list, { role: 'listbox', 'aria-label': 'Results' });
    this.#note.className = 'note';
    this.#note.setAttribute('role', 'status');
    this.#dialog.append(this.#field, this.#list, this.#note);
    this.#field.addEventListener('input', () => this.#search());
    this.#field.addEventListener('keydown', (event) => this.#onKey(event));
    this.#list.addEventListener('click', (event) => this.#onClick(event));
    // a click beside the dialog closes it
    this.#dialog.addEventListener('click', ({ target }) => target === this.#dialog && this.#dialog.close());
    this.#dialog.addEventListener('close', () => this.#cancel());
    document.body.append(this.#dialog);
  }

  open(): void {
    if (this.#dialog.open) return;
    this.#field.value = '';
    this.#dialog.showModal();
    this.#search();
  }

  /** Shows at once what the browser knows; what the server finds comes when no more keys are pressed. */
  #search(): void {
    this.#cancel();
    const text = this.#field.value.trim();
    const own = ownEntries(text).slice(0, text === '' ? undefined : mostOwn);
    this.#show(own);
    this.#note.textContent = '';
    if (text === '') return;
    this.#timer = window.setTimeout(() => void this.#ask(text, own), pause);
  }

  async #ask(text: string, own: Entry[]): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const found = await foundEntries(text, asking.signal);
      const known = new Set(found.map(({ target }) => target));
      this.#show([...found, ...own.filter(({ target }) => !known.has(target))]);
      if (this.#entries.length === 0) this.#note.textContent = 'Nothing found. All words must match.';
    } catch {
      if (!asking.signal.aborted) this.#note.textContent = 'Volt does not answer.';
    }
  }

  #cancel(): void {
    window.clearTimeout(this.#timer);
    this.#asking?.abort();
  }

  #show(entries: Entry[]): void {
    this.#entries = entries;
    this.#list.replaceChildren(...entries.map(lineOf));
    this.#activate(0);
  }

  #activate(index: number): void {
    const lines = [...this.#list.children];
    lines[this.#active]?.removeAttribute('aria-selected');
    this.#active = lines.length === 0 ? 0 : (index + lines.length) % lines.length;
    const line = lines[this.#active];
    line?.setAttribute('aria-selected', 'true');
    line?.scrollIntoView({ block: 'nearest' });
    set(this.#field, { 'aria-activedescendant': line?.id ?? '' });
  }

  #onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const { key } = event;
    if (key === 'ArrowDown') this.#activate(this.#active + 1);
    else if (key === 'ArrowUp') this.#activate(this.#active - 1);
    else if (key === 'Enter') this.#choose();
    else return;
    event.preventDefault();
  }

  #onClick(event: MouseEvent): void {
    const line = event.target instanceof Element ? event.target.closest('[role=option]') : null;
    // a click for another tab is the browser's own
    if (!line || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#activate([...this.#list.children].indexOf(line));
    this.#choose();
  }

  /** Opens or does what is active. A text that was typed faster than the server answers is searched on its page. */
  #choose(): void {
    const entry = this.#entries[this.#active];
    const text = this.#field.value.trim();
    if (!entry && text === '') return;
    this.#dialog.close();
    const target = entry?.target ?? `/search?${new URLSearchParams({ q: text })}`;
    if (typeof target === 'string') location.assign(target);
    else target.click();
  }
}

/** An entry as an option of the list; what leads to a page is a link, so that it opens in another tab, too. */
function lineOf({ title, kind, detail, status, target }: Entry, index: number): HTMLElement {
  const line = document.createElement('a');
  set(line, { role: 'option', id: `palette-${index}`, tabindex: '-1' });
  if (typeof target === 'string') line.href = target;
  line.append(span(status === undefined ? 'dot none' : `dot ${status}`, ''), span('name', title));
  line.append(span('detail', detail ?? ''), span('kind', kind));
  return line;
}

function span(name: string, text: string): HTMLElement {
  const made = document.createElement('span');
  made.className = name;
  made.textContent = text;
  return made;
}

function set(element: Element, attributes: { readonly [name: string]: string }): void {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}
