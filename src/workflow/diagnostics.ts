/** Something about a workflow file that its author should know, with its place. Lines and columns begin at 1. */
export interface Diagnostic {
  file: string;
  line: number;
  column: number;
  /**
   * `invalid`: GitHub would refuse it, and so does Volt; `unsupported`: it is right, but Volt cannot do it; `warning`:
   * it is right, and does not do what it looks like.
   */
  severity: 'invalid' | 'unsupported' | 'warning';
  /**
   * whether it is due to what the file calls in another repository, which counts only where it runs: `unavailable` where
   * that could not be had, `wrong` where it does not fit
   */
  elsewhere?: 'unavailable' | 'wrong';
  message: string;
}

/** `file:line:column: message`, as editors and terminals know it. */
export function formatDiagnostic({ file, line, column, severity, message }: Diagnostic): string {
  return `${file}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${message}`;
}

/** The word that was most likely meant, where one is near; distances are those of Levenshtein. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
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
