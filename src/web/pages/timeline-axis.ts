import type { BuildTimes } from './timeline-layout.ts';

/** The shortest time (ms) without anything to show that is folded. */
const leastFolded = 60_000;
/** What a folded time takes of the axis, and how much longer it is at least than what is left, as parts of that. */
const foldedShare = 0.04;
const longShare = 0.25;
/** The most marks on the axis. */
const mostMarks = 6;

/** A time in which no job ran or waited for a runner, in milliseconds since 1970. */
export interface IdleTime {
  from: number;
  to: number;
}

/** An axis on which long idle times, as before a retry on the next day, take little place. */
export interface TimeAxis {
  /** the times that are folded, in their order */
  folded: IdleTime[];
  /** milliseconds that are not folded */
  shown: number;
  /** milliseconds from the beginning of the build, each at a round number */
  marks: number[];
  /** Where a time is, from 0 at the beginning to 1 at the end. @param time milliseconds since 1970 */
  place(time: number): number;
}

export function axisOf(times: BuildTimes): TimeAxis {
  const idle = idleTimes(times).filter(({ from, to }) => to - from >= leastFolded);
  // the longest first: what is left is what a time must be long against
  let shown = times.to - times.from;
  const folded: IdleTime[] = [];
  for (const one of [...idle].sort((a, b) => b.to - b.from - (a.to - a.from))) {
    const rest = shown - (one.to - one.from);
    if (one.to - one.from < rest * longShare) break;
    folded.push(one);
    shown = rest;
  }
  folded.sort((a, b) => a.from - b.from);
  const width = shown * foldedShare;
  const whole = shown + folded.length * width;
  const place = (time: number) => {
    let at = Math.min(Math.max(time, times.from), times.to) - times.from;
    for (const { from, to } of folded) {
      if (time <= from) break;
      const part = Math.min(1, (time - from) / (to - from));
      at -= part * (to - from - width);
    }
    return at / whole;
  };
  return { folded, shown, marks: marksOf(times, folded, shown), place };
}

/** The times between the beginning and the end of a build in which nothing of it was there but jobs that needed others. */
function idleTimes({ from, to, jobs }: BuildTimes): IdleTime[] {
  const busy = jobs
    .flatMap(({ spans }) => spans)
    .filter(({ kind }) => kind !== 'needs')
    .sort((a, b) => a.from - b.from);
  const idle: IdleTime[] = [];
  let end = from;
  for (const span of busy) {
    if (span.from > end) idle.push({ from: end, to: span.from });
    end = Math.max(end, span.to);
  }
  return to > end ? [...idle, { from: end, to }] : idle;
}

function marksOf({ from, to }: BuildTimes, folded: readonly IdleTime[], shown: number): number[] {
  const step = stepOf(shown);
  const ends = [...folded.map((one) => one.from), to];
  const starts = [from, ...folded.map((one) => one.to)];
  return starts.flatMap((start, index) => {
    const [first, last] = [Math.ceil((start - from) / step), Math.floor(((ends[index] ?? to) - from) / step)];
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, count) => (first + count) * step);
  });
}

/** Milliseconds between two marks: 1, 2 or 5 times a power of ten of seconds, or such a number of minutes. */
function stepOf(whole: number): number {
  for (const unit of [1, 1000, 60_000, 3_600_000])
    for (const times of [1, 2, 5, 10, 20, 30]) if (whole / (unit * times) <= mostMarks) return unit * times;
  return 24 * 3_600_000;
}
