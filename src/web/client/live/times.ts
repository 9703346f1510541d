import { age, duration } from '../../../kernel/times.ts';

/** Shows times as ages, running durations, or points in time in the reader's time zone and language, and keeps them current. */

const clockFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** A time in the reader's time zone and language. */
function clock(time: string): string {
  return clockFormat.format(new Date(time));
}

/** @param ms the age of the time */
function textOf(time: HTMLTimeElement, ms: number): string | undefined {
  if ('since' in time.dataset) return age(ms);
  if ('running' in time.dataset) return duration(ms);
  return 'clock' in time.dataset ? clock(time.dateTime) : undefined;
}

/** Tells the server the reader's clock, since it makes days of it; see pages/preferences.ts. */
export function tellOffset(): void {
  const offset = -new Date().getTimezoneOffset();
  const cookie = `volt_utc_offset=${offset}`;
  if (document.cookie.split('; ').includes(cookie)) return;
  // biome-ignore lint/suspicious/noDocumentCookie: not every browser that Volt is for has the Cookie Store API
  document.cookie = `${cookie}; path=/; max-age=31536000; SameSite=Lax`;
}

export function updateTimes(): void {
  const now = Date.now();
  for (const time of document.querySelectorAll('time')) {
    const text = textOf(time, now - Date.parse(time.dateTime));
    if (text !== undefined && text !== time.textContent) time.textContent = text;
    if ('since' in time.dataset && !('local' in time.dataset)) {
      time.title = clock(time.dateTime);
      time.dataset.local = '';
    }
  }
}

export function updateProgress(): void {
  for (const bar of document.querySelectorAll('progress')) {
    const { from } = bar.dataset;
    if (from !== undefined) bar.value = Math.min(bar.max, Date.now() - Date.parse(from));
  }
}

/** Whether an element shows the same time as another one, so that its text is current already. */
export function isSameTime(from: Element, to: Element): boolean {
  if (!(from instanceof HTMLTimeElement && to instanceof HTMLTimeElement)) return false;
  return from.dateTime === to.dateTime && 'local' in from.dataset && 'since' in to.dataset;
}
