import { age, duration } from '../kernel/times.ts';

/** The duration between two ISO times, or until now if the second is null; empty if the first is null. */
export function took(startedAt: string | null, finishedAt: string | null): string {
  if (startedAt === null) return '';
  return duration((finishedAt === null ? Date.now() : Date.parse(finishedAt)) - Date.parse(startedAt));
}

/** The age of an ISO time in its largest unit: `just now`, `40 s ago`, `3 h ago`. */
export function ago(time: string): string {
  return age(Date.now() - Date.parse(time));
}
