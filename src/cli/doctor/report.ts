import { mark, paint, plain, print, printJson } from '../terminal.ts';
import type { Finding } from './finding.ts';

const signs = { ok: 'success', warn: 'cancelled', fail: 'error' } as const;

/**
 * Prints the findings with their remedies.
 * @returns the exit code: 3 if a check fails
 */
export function report(findings: Finding[], json: boolean): number {
  const healthy = !findings.some(({ level }) => level === 'fail');
  if (json) printJson({ healthy, findings });
  else {
    const width = Math.max(...findings.map(({ check }) => check.length));
    for (const { check, level, message, remedy } of findings) {
      print(`${mark(signs[level])} ${paint('bold', check.padEnd(width))}  ${plain(message)}`);
      if (remedy !== null) print(`  ${' '.repeat(width)}  ${plain(remedy)}`);
    }
  }
  return healthy ? 0 : 3;
}
