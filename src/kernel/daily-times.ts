/** A time of day in a time zone. */
export interface DailyTime {
  /** `HH:MM`, 00:00 to 23:59 */
  at: string;
  /** IANA name, for example Europe/Berlin */
  zone: string;
}

const day = 24 * 60;

export function isTimeOfDay(text: string): boolean {
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(text);
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/**
 * Milliseconds until the next such time of day, counted by the minutes that clocks there show now: on a day on which they change, it is
 * off by that change. 0 within the minute itself.
 * @param now milliseconds since 1970
 */
export function untilTime({ at, zone }: DailyTime, now: number): number {
  return ((minutesOf(at) - minutesIn(zone, now) + day) % day) * 60_000;
}

/** Whether it is a time between two times of day, the first included; they may lie around midnight. */
export function isBetween({ from, to, zone }: { from: string; to: string; zone: string }, now: number): boolean {
  const [begin, end, time] = [minutesOf(from), minutesOf(to), minutesIn(zone, now)];
  return begin <= end ? time >= begin && time < end : time >= begin || time < end;
}

function minutesOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}

function minutesIn(zone: string, now: number): number {
  const options = { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  return minutesOf(new Intl.DateTimeFormat('en-GB', options).format(now));
}
