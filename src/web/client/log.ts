/**
 * Follows the log of a job that runs, from where the page's own text of it begins. Output becomes text nodes and
 * nothing else, whatever it says.
 */
import { type Line, Terminal } from '../terminal.ts';

/** So many lines stay in the page; the whole log is one link away. */
const mostLines = 5000;
/** Lines are kept in blocks, so that a browser need not lay out those that are out of sight. */
const blockLines = 250;

class LiveLog {
  readonly #section: HTMLElement;
  readonly #pre: HTMLElement;
  readonly #job: string;
  readonly #attempt: string;
  #terminal = new Terminal();
  #position: number;
  #events: EventSource | undefined;
  #begun = false;
  #blocks: { element: HTMLElement; lines: number }[] = [];
  #current = document.createElement('span');
  #ended = false;

  constructor(section: HTMLElement, pre: HTMLElement) {
    this.#section = section;
    this.#pre = pre;
    this.#job = section.dataset.job ?? '';
    this.#attempt = section.dataset.attempt ?? '1';
    this.#position = Number(section.dataset.start ?? 0);
  }

  get isShown(): boolean {
    return this.#section.isConnected;
  }

  /** Browsers open few connections to one server, so a page that nobody sees holds none. */
  connect(): void {
    if (this.#ended) return;
    if (document.hidden || !this.isShown) this.close();
    else this.#events ??= this.#open();
  }

  close(): void {
    this.#events?.close();
    this.#events = undefined;
  }

  #open(): EventSource {
    const from = `follow=1&attempt=${this.#attempt}&from=${this.#position}`;
    const events = new EventSource(`/api/v1/jobs/${this.#job}/log?${from}`);
    events.addEventListener('chunk', (event) => {
      this.#position = Number(event.lastEventId);
      this.#write(JSON.parse(event.data) as string);
    });
    // a further attempt has a log of its own, which the page brings when it is fetched again
    events.addEventListener('attempt', () => this.#end());
    events.addEventListener('end', () => this.#end());
    return events;
  }

  #end(): void {
    this.#ended = true;
    this.close();
    delete this.#section.dataset.following;
    const empty = this.#section.querySelector('.empty');
    if (empty) empty.textContent = 'There is no output.';
  }

  #write(text: string): void {
    const atEnd = isAtEnd();
    if (!this.#begun) {
      this.#begun = true;
      this.#pre.replaceChildren(this.#current);
      this.#section.querySelector('.empty')?.remove();
    }
    for (const line of this.#terminal.write(text)) this.#append(line);
    this.#current.replaceChildren(...nodesOf(this.#terminal.current));
    this.#trim();
    if (atEnd) window.scrollTo({ top: document.documentElement.scrollHeight });
  }

  #append(line: Line): void {
    let block = this.#blocks.at(-1);
    if (!block || block.lines >= blockLines) {
      block = { element: document.createElement('span'), lines: 0 };
      block.element.className = 'block';
      this.#blocks.push(block);
      this.#current.before(block.element);
    }
    block.element.append(...nodesOf(line), '\n');
    block.lines += 1;
  }

  #trim(): void {
    let lines = this.#blocks.reduce((sum, block) => sum + block.lines, 0);
    while (lines > mostLines + blockLines) {
      const oldest = this.#blocks.shift();
      oldest?.element.remove();
      lines -= oldest?.lines ?? lines;
      const note = this.#section.querySelector<HTMLElement>('.cut');
      if (note) note.hidden = false;
    }
  }
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

function isAtEnd(): boolean {
  const { scrollHeight, clientHeight, scrollTop } = document.documentElement;
  return scrollTop > 0 && scrollHeight - clientHeight - scrollTop < 80;
}

let live: LiveLog | undefined;

function begin(): void {
  live?.close();
  const section = document.querySelector<HTMLElement>('#log[data-following]');
  const pre = section?.querySelector<HTMLElement>('pre');
  live = section && pre ? new LiveLog(section, pre) : undefined;
  live?.connect();
}

begin();
document.addEventListener('volt:log', begin);
document.addEventListener('visibilitychange', () => live?.connect());
