/** `; did you mean "push"?`, if one of the words is similar to the given one. */
export function hint(word: string, words: Iterable<string>): string {
  const meant = nearest(word, words);
  return meant === undefined || meant === word ? '' : `; did you mean "${meant}"?`;
}

/** The most similar word; undefined if none is similar. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  let best: { word: string; distance: number } | undefined;
  const most = word.length < 3 ? 0 : word.length < 5 ? 1 : 2;
  for (const candidate of words) {
    if (Math.abs(candidate.length - word.length) > most) continue;
    const distance = distanceOf(word.toLowerCase(), candidate.toLowerCase(), most);
    if (distance <= most && (!best || distance < best.distance)) best = { word: candidate, distance };
  }
  return best?.word;
}

/**
 * Characters to insert, delete or replace, or neighbours to swap, to make one word the other (optimal string alignment). Only what may
 * lead to the most that are asked for is computed, since there may be thousands of long words.
 * @returns a larger number than `most` for words that are further apart
 */
function distanceOf(a: string, b: string, most: number): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  let next: number[] = [];
  for (let i = 1; i <= a.length; i++) {
    const [first, last] = [Math.max(1, i - most), Math.min(b.length, i + most)];
    let least = i;
    next[first - 1] = first === 1 ? i : Number.POSITIVE_INFINITY;
    for (let j = first; j <= last; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const other = swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      const edits = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost, other);
      next[j] = edits;
      least = Math.min(least, edits);
    }
    if (least > most) return least;
    next[last + 1] = Number.POSITIVE_INFINITY;
    [before, row, next] = [row, next, before];
  }
  return row[b.length] ?? 0;
}
