/**
 * Keeps a page current: when a build changes, the page is fetched again, and of its parts what came out different is
 * changed, node by node, so that focus and scrolling stay where they are. Parts that can change are marked `data-live`;
 * forms and the log are not, so typing and reading go on undisturbed. Pages that no event speaks of are fetched every so many seconds instead (`data-refresh`).
 */
import morphdom from 'morphdom';
import { age, duration } from '../text/times.ts';

/** Several changes within this many milliseconds are one. */
const settle = 200;
/** An event may be lost; a page that is looked at is fetched this often anyway, in seconds. */
const anyway = 15;
/** A stream that is away for longer than this (ms) is told; a shorter pause is nobody's concern. */
const unnoticed = 3000;

const build = document.querySelector<HTMLElement>('[data-build]')?.dataset.build;
const seconds = Number(document.querySelector<HTMLElement>('[data-refresh]')?.dataset.refresh ?? anyway);
const hasParts = document.querySelector('[data-live]') !== null;

let events: EventSource | undefined;
let planned: number | undefined;
let fetching = false;
let again = false;
/** the page as it was fetched last */
let shown: string | undefined;

function plan(): void {
  if (planned !== undefined) return;
  planned = window.setTimeout(() => {
    planned = undefined;
    void refresh();
  }, settle);
}

async function refresh(): Promise<void> {
  if (document.hidden) return;
  again = fetching;
  if (fetching) return;
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    tellWhetherLive(answer.ok);
    if (!answer.ok) return;
    const text = await answer.text();
    if (text !== shown) exchange(new DOMParser().parseFromString(text, 'text/html'));
    shown = text;
  } catch {
    // Volt is away for a moment; the event stream comes back by itself and brings us here again
    tellWhetherLive(false);
  } finally {
    fetching = false;
    if (again) plan();
  }
}

function exchange(fresh: Document): void {
  for (const part of document.querySelectorAll<HTMLElement>('[data-live]')) {
    const other = fresh.getElementById(part.id);
    if (other) keepFolds(part, other);
    if (other && !isSelectedIn(part)) morphdom(part, other, { onBeforeElUpdated: (from, to) => !from.isEqualNode(to) });
  }
  document.title = fresh.title;
  const log = document.getElementById('log');
  const freshLog = fresh.getElementById('log');
  if (freshLog && log?.dataset.key !== freshLog.dataset.key) {
    if (log) log.replaceWith(freshLog);
    else document.querySelector('main article')?.append(freshLog);
    document.dispatchEvent(new Event('volt:log'));
  }
  keepTime();
}

/** What a person has opened or closed stays so, until the page itself thinks otherwise of it (`data-open`). */
function keepFolds(part: HTMLElement, other: HTMLElement): void {
  for (const fold of part.querySelectorAll<HTMLDetailsElement>('details[id]')) {
    const twin = other.querySelector<HTMLDetailsElement>(`#${CSS.escape(fold.id)}`);
    if (twin && 'open' in twin.dataset === 'open' in fold.dataset) twin.open = fold.open;
  }
}

/** A person who marks text to copy it does not want it to go. */
function isSelectedIn(part: HTMLElement): boolean {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(part, true);
}

function keepTime(): void {
  const now = Date.now();
  for (const time of document.querySelectorAll('time')) {
    const ms = now - Date.parse(time.dateTime);
    const text = 'since' in time.dataset ? age(ms) : 'running' in time.dataset ? duration(ms) : undefined;
    if (text !== undefined && text !== time.textContent) time.textContent = text;
  }
}

function keepProgress(): void {
  for (const bar of document.querySelectorAll('progress')) {
    const { from } = bar.dataset;
    if (from !== undefined) bar.value = Math.min(bar.max, Date.now() - Date.parse(from));
  }
}

/** Browsers open few connections to one server, so a page that nobody sees holds none. */
function connect(): void {
  if (document.hidden) {
    events?.close();
    events = undefined;
  } else if (!events) {
    events = new EventSource('/api/v1/events');
    events.onmessage = ({ data }) => {
      if (build === undefined || (JSON.parse(data) as { build: string }).build === build) plan();
    };
    // what happened before the connection stood is not told
    events.onopen = () => {
      tellWhetherLive(true);
      plan();
    };
    events.onerror = () => {
      tellWhetherLive(false);
      // a browser gives up where the answer was an error; it comes back by itself only where there was none
      if (events?.readyState !== EventSource.CLOSED) return;
      events = undefined;
      window.setTimeout(connect, unnoticed);
    };
  }
}

let away: number | undefined;

/** Whoever looks at a page that stands still is told so. */
function tellWhetherLive(live: boolean): void {
  const sign = document.getElementById('offline');
  if (live) {
    window.clearTimeout(away);
    away = undefined;
    if (sign) sign.textContent = '';
  } else if (sign) {
    away ??= window.setTimeout(() => {
      sign.textContent = 'Volt does not answer; this page may be out of date. Trying again…';
    }, unnoticed);
  }
}

if (hasParts) {
  connect();
  document.addEventListener('visibilitychange', connect);
  window.setInterval(plan, seconds * 1000);
}
window.setInterval(() => {
  keepTime();
  keepProgress();
}, 1000);
