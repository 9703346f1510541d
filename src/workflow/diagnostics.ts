/** A problem of a workflow file with its location. Lines and columns begin at 1. */
export interface Diagnostic {
  file: string;
  line: number;
  column: number;
  /**
   * `invalid`: GitHub and Volt reject it; `unsupported`: it is valid, but Volt does not support it; `warning`: it is valid,
   * but does not do what it seems to do.
   */
  severity: 'invalid' | 'unsupported' | 'warning';
  /**
   * set if the problem comes from a called file of another repository; it counts only if the workflow runs. `unavailable`:
   * the file could not be fetched; `wrong`: it is invalid
   */
  elsewhere?: 'unavailable' | 'wrong';
  message: string;
}

/** `file:line:column: message`, a format that editors and terminals know. */
export function formatDiagnostic({ file, line, column, severity, message }: Diagnostic): string {
  return `${file}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${message}`;
}

/** `; did you mean "push"?`, if one of the words is similar to the given one. */
export function hint(word: string, words: Iterable<string>): string {
  const meant = nearest(word, words);
  return meant === undefined || meant === word ? '' : `; did you mean "${meant}"?`;
}

/** The most similar word, by Levenshtein distance; undefined if none is similar. */
function nearest(word: string, words: Iterable<string>): string | undefined {
  let best: { word: string; distance: number } | undefined;
  const most = word.length < 3 ? 0 : word.length < 5 ? 1 : 2;
  for (const candidate of words) {
    if (Math.abs(candidate.length - word.length) > most) continue;
    const distance = levenshtein(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= most && (!best || distance < best.distance)) best = { word: candidate, distance };
  }
  return best?.word;
}

function levenshtein(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
