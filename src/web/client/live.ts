/**
 * Keeps a page current. When a build changes, the script fetches the page again and updates the nodes that differ, so focus
 * and scroll position stay. It updates only parts marked `data-live`, never forms and the log. Pages without events are
 * fetched every `data-refresh` seconds.
 */
import morphdom from 'morphdom';
import { age, duration } from '../../kernel/times.ts';

/** Changes within this many milliseconds cause one fetch. */
const settle = 200;
/** Seconds between two fetches of a visible page without events: an event may be lost. */
const refreshInterval = 15;
/** Milliseconds without a stream after which the page shows a notice. */
const offlineDelay = 3000;

const build = document.querySelector<HTMLElement>('[data-build]')?.dataset.build;
const seconds = Number(document.querySelector<HTMLElement>('[data-refresh]')?.dataset.refresh ?? refreshInterval);
const hasParts = document.querySelector('[data-live]') !== null;

let events: EventSource | undefined;
let planned: number | undefined;
let fetching = false;
let again = false;
/** HTML of the last fetch */
let shown: string | undefined;

function refreshSoon(): void {
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
  const address = pageAddress();
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    showWhetherLive(answer.ok);
    if (!answer.ok) return;
    const text = await answer.text();
    // the reader has gone on to another job meanwhile
    if (pageAddress() !== address) again = true;
    else if (text !== shown) update(new DOMParser().parseFromString(text, 'text/html'));
    shown = text;
  } catch {
    // Volt does not answer; when the event stream reconnects, the page is fetched again
    showWhetherLive(false);
  } finally {
    fetching = false;
    if (again) refreshSoon();
  }
}

function pageAddress(): string {
  return location.pathname + location.search;
}

function update(fresh: Document): void {
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
    else document.querySelector('.pane')?.append(freshLog);
    document.dispatchEvent(new Event('volt:log'));
  }
  document.dispatchEvent(new Event('volt:updated'));
  showCopyButtons();
  updateTimes();
}

/** Keeps what a person has opened or closed, unless the page's own state (`data-open`) has changed. */
function keepFolds(part: HTMLElement, other: HTMLElement): void {
  for (const fold of part.querySelectorAll<HTMLDetailsElement>('details[id]')) {
    const twin = other.querySelector<HTMLDetailsElement>(`#${CSS.escape(fold.id)}`);
    if (twin && 'open' in twin.dataset === 'open' in fold.dataset) twin.open = fold.open;
  }
}

/** Whether text of the part is selected: an update would remove the selection. */
function isSelectedIn(part: HTMLElement): boolean {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(part, true);
}

/** @param ms the age of the time */
function textOf(time: HTMLTimeElement, ms: number): string | undefined {
  if ('since' in time.dataset) return age(ms);
  if ('running' in time.dataset) return duration(ms);
  return 'clock' in time.dataset ? clock(time.dateTime) : undefined;
}

const clockFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** A time in the reader's time zone and language. */
function clock(time: string): string {
  return clockFormat.format(new Date(time));
}

function updateTimes(): void {
  const now = Date.now();
  for (const time of document.querySelectorAll('time')) {
    const ms = now - Date.parse(time.dateTime);
    const text = textOf(time, ms);
    if (text !== undefined && text !== time.textContent) time.textContent = text;
    if ('since' in time.dataset) time.title = clock(time.dateTime);
  }
}

function updateProgress(): void {
  for (const bar of document.querySelectorAll('progress')) {
    const { from } = bar.dataset;
    if (from !== undefined) bar.value = Math.min(bar.max, Date.now() - Date.parse(from));
  }
}

/** Opens the event stream while the page is visible: browsers open only a few connections to a server. */
function connect(): void {
  if (document.hidden) {
    events?.close();
    events = undefined;
  } else if (!events) {
    events = new EventSource('/api/v1/events');
    events.onmessage = ({ data }) => {
      if (build === undefined || (JSON.parse(data) as { build: string }).build === build) refreshSoon();
    };
    // the stream has no changes from before the connection
    events.onopen = () => {
      showWhetherLive(true);
      refreshSoon();
    };
    events.onerror = () => {
      showWhetherLive(false);
      // browsers reconnect after a lost connection, but not after an error status
      if (events?.readyState !== EventSource.CLOSED) return;
      events = undefined;
      window.setTimeout(connect, offlineDelay);
    };
  }
}

/** Follows a link to another state of the same page, such as another job, without loading the page. */
async function swap(event: MouseEvent): Promise<void> {
  const link = event.target instanceof Element ? event.target.closest<HTMLElement>('a[data-swap]') : null;
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !isPlain) return;
  event.preventDefault();
  history.pushState(null, '', link.getAttribute('href'));
  await refresh();
  const part = document.getElementById(link.dataset.swap ?? '');
  const top = part?.getBoundingClientRect().top ?? 0;
  if (top < 0 || top > window.innerHeight / 2) part?.scrollIntoView();
}

let offlineTimer: number | undefined;

/** Shows a notice if the page is not current. */
function showWhetherLive(live: boolean): void {
  const sign = document.getElementById('offline');
  if (live) {
    window.clearTimeout(offlineTimer);
    offlineTimer = undefined;
    if (sign) sign.textContent = '';
  } else if (sign) {
    offlineTimer ??= window.setTimeout(() => {
      sign.textContent = 'Volt does not answer; this page may be out of date. Trying again…';
    }, offlineDelay);
  }
}

/** Shows the buttons that copy a text, which need this script. */
function showCopyButtons(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copy][hidden]')) button.hidden = false;
}

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-copy]') : null;
  if (!button) return;
  void navigator.clipboard?.writeText(button.dataset.copy ?? '').then(() => {
    button.textContent = 'copied';
    window.setTimeout(() => {
      button.textContent = 'copy';
    }, 1500);
  });
});

if (hasParts) {
  connect();
  document.addEventListener('click', (event) => void swap(event));
  window.addEventListener('popstate', () => void refresh());
  document.addEventListener('visibilitychange', connect);
  window.setInterval(refreshSoon, seconds * 1000);
}
showCopyButtons();
updateTimes();
window.setInterval(() => {
  updateTimes();
  updateProgress();
}, 1000);
