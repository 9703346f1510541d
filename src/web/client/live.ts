/**
 * Keeps a page current. When a build changes, the script fetches the page again and updates the nodes that differ, so focus
 * and scroll position stay. It updates only parts marked `data-live`, never forms and the log. What has no events is
 * fetched every `data-refresh` seconds, or less and less often.
 */
import morphdom from 'morphdom';
import { addressInPlace, isSelectedIn, offerNewer } from './live/place.ts';
import { isSignedOut, showSignedOut } from './live/signed-out.ts';
import { showAway, showState } from './live/tab.ts';
import { isSameTime, tellOffset, updateProgress, updateTimes } from './live/times.ts';
import { filterAsTyped } from './live/typed-filter.ts';

/** Changes within this many milliseconds cause one fetch. */
const settle = 200;
/** Milliseconds from an update to the next one at the earliest. */
const rest = 500;
/** The share of its time that the browser may spend on updates while many builds change. */
const share = 1 / 40;
/** Seconds to the first fetch of a visible page without events, which doubles with each further one: not all has events. */
const refreshInterval = 15;
const longestInterval = 120;
/** Milliseconds without a stream after which the page shows a notice. */
const offlineDelay = 3000;

const build = document.querySelector<HTMLElement>('[data-build]')?.dataset.build;
const fixedInterval = Number(document.querySelector<HTMLElement>('[data-refresh]')?.dataset.refresh ?? 0);
const hasParts = document.querySelector('[data-live]') !== null;

let events: EventSource | undefined;
/** whether the stream is open, or was until a moment ago */
let isOpen = false;
/** whether the reader has been signed out: the page stays as it is */
let isOver = false;
/** number of the last change that the page shows */
let { change } = document.body.dataset;
let planned: number | undefined;
/** time before which there is no further update, by performance.now() */
let restUntil = 0;
let fetching = false;
let again = false;
/** HTML of the last fetch */
let shown: string | undefined;

function refreshSoon(): void {
  if (planned !== undefined) return;
  planned = window.setTimeout(
    () => {
      planned = undefined;
      void refresh();
    },
    Math.max(settle, restUntil - performance.now()),
  );
}

async function refresh(): Promise<void> {
  if (document.hidden || isOver) return;
  again = fetching;
  if (fetching) return;
  fetching = true;
  const address = pageAddress();
  const log = document.getElementById('log')?.dataset.key;
  try {
    // the script of the log follows it, so the answer leaves out the lines of the same log
    const headers = { accept: 'text/html', ...(log !== undefined && { 'volt-shown-log': log }) };
    const answer = await fetch(addressInPlace(), { headers });
    showWhetherLive(answer.ok);
    const text = await answer.text();
    // the reader has gone on to another job meanwhile
    if (pageAddress() !== address) again = true;
    else if (text !== shown) show(text, answer);
    shown = text;
  } catch {
    // Volt does not answer; when the event stream reconnects, the page is fetched again
    showWhetherLive(false);
  } finally {
    fetching = false;
    if (again) refreshSoon();
  }
}

/** @param answer `ok` if it is the page, and not one that says what is wrong */
function show(text: string, { ok, status }: Response): void {
  const begun = performance.now();
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  // without its database, Volt does not know who asks
  if (status < 500 && isSignedOut(fresh)) stop();
  if (isOver || !ok) return;
  change = fresh.body.dataset.change;
  update(fresh);
  const done = performance.now();
  restUntil = done + Math.max(rest, (done - begun) / share);
}

/** Leaves the page as it is, since its reader has been signed out. */
function stop(): void {
  isOver = true;
  events?.close();
  window.clearTimeout(next);
  window.clearTimeout(offlineTimer);
  const sign = document.getElementById('offline');
  if (sign) showSignedOut(sign);
}

function pageAddress(): string {
  return location.pathname + location.search;
}

function update(fresh: Document): void {
  for (const part of document.querySelectorAll<HTMLElement>('[data-live]')) {
    const other = fresh.getElementById(part.id);
    if (other) keepFolds(part, other);
    if (other && !isSelectedIn(part)) morphdom(part, other, { onBeforeElUpdated: differs });
  }
  showState(fresh);
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

function differs(from: Element, to: Element): boolean {
  return !isSameTime(from, to) && !from.isEqualNode(to);
}

/** Keeps what a person has opened or closed, unless the page's own state (`data-open`) has changed. */
function keepFolds(part: HTMLElement, other: HTMLElement): void {
  for (const fold of part.querySelectorAll<HTMLDetailsElement>('details[id]')) {
    const twin = other.querySelector<HTMLDetailsElement>(`#${CSS.escape(fold.id)}`);
    if (twin && 'open' in twin.dataset === 'open' in fold.dataset) twin.open = fold.open;
  }
}

/** Opens the event stream, which begins after the last change that the page shows. */
function connect(): void {
  if (events || document.hidden || isOver) return;
  events = new EventSource(`/api/v1/events${change === undefined ? '' : `?after=${change}`}`);
  events.onmessage = ({ data }) => {
    if (build !== undefined && (JSON.parse(data) as { build: string }).build !== build) return;
    refreshSoon();
    planNext(refreshInterval);
  };
  events.addEventListener('reset', refreshSoon);
  events.onopen = () => {
    isOpen = true;
    showWhetherLive(true);
  };
  events.onerror = () => {
    showWhetherLive(false);
    // the stream also ends with the session of the reader
    if (isOpen) refreshSoon();
    isOpen = false;
    // browsers reconnect after a lost connection, but not after an error status
    if (events?.readyState !== EventSource.CLOSED) return;
    events = undefined;
    window.setTimeout(connect, offlineDelay);
  };
}

/** The stream is open while the page is visible: browsers open only a few connections to a server. */
async function followVisibility(): Promise<void> {
  events?.close();
  events = undefined;
  if (document.hidden) return;
  await refresh();
  connect();
}

let next: number | undefined;

/** Plans a fetch for what has no events. @param seconds until then */
function planNext(seconds: number): void {
  window.clearTimeout(next);
  next = window.setTimeout(() => {
    refreshSoon();
    planNext(fixedInterval || Math.min(2 * seconds, longestInterval));
  }, seconds * 1000);
}

/** Follows a link to another state of the same page, such as another job, without loading the page. */
async function swap(event: MouseEvent): Promise<void> {
  const link = event.target instanceof Element ? event.target.closest<HTMLElement>('a[data-swap]') : null;
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !isPlain || isOver) return;
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
  if (isOver) return;
  const sign = document.getElementById('offline');
  if (live) {
    window.clearTimeout(offlineTimer);
    offlineTimer = undefined;
    if (sign) sign.textContent = '';
    showAway(false);
  } else if (sign) {
    offlineTimer ??= window.setTimeout(() => {
      sign.textContent = 'Volt does not answer; this page may be out of date. Trying again…';
      showAway(true);
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
  filterAsTyped(refreshSoon);
  window.addEventListener('popstate', () => void refresh());
  document.addEventListener('visibilitychange', () => void followVisibility());
  offerNewer(() => void refresh());
  planNext(fixedInterval || refreshInterval);
}
showCopyButtons();
tellOffset();
updateTimes();
window.setInterval(() => {
  updateTimes();
  updateProgress();
}, 1000);
