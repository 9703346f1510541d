import type { Step } from '../../kernel/model.ts';
import type { LineIndex } from './line-index.ts';

/** The lines of a log that a step has printed, numbered from 0: from `first` to before `end`. */
export interface StepLines {
  first: number;
  /** null while the step runs */
  end: number | null;
}

/**
 * Where the output of each step is in the log of its job.
 * @returns one entry for each step; null for a step that has not begun, and for one without a place in the log
 */
export async function stepLines(index: LineIndex, steps: readonly Step[]): Promise<(StepLines | null)[]> {
  const lines: (StepLines | null)[] = [];
  for (const { logStart, logEnd } of steps) {
    if (logStart === null) lines.push(null);
    else lines.push({ first: await index.lineAt(logStart), end: logEnd === null ? null : await index.lineAt(logEnd) });
  }
  return lines;
}
