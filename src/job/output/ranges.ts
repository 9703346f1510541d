import type { Range } from './scan.ts';

/** Merges ordered lists of ranges into one. Ranges that overlap become one, those that only touch do not. */
export function mergeRanges(lists: readonly Range[][]): Range[] {
  const filled = lists.filter(({ length }) => length > 0);
  if (filled.length < 2) return filled[0] ?? [];
  const merged: Range[] = [];
  for (const range of filled.flat().sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last && range.start < last.end) last.end = Math.max(last.end, range.end);
    else merged.push({ ...range });
  }
  return merged;
}
