import { isBetween, untilTime } from '../kernel/daily-times.ts';
import type { NoticeOptions } from '../kernel/model/notice-shapes.ts';

/**
 * When the quiet hours of a target end that it is in.
 * @param now milliseconds since 1970
 * @returns milliseconds since 1970; undefined outside of quiet hours
 */
export function quietUntil({ quiet, zone = 'UTC' }: NoticeOptions, now: number): number | undefined {
  if (!quiet || !isBetween({ ...quiet, zone }, now)) return undefined;
  return now + untilTime({ at: quiet.to, zone }, now);
}
