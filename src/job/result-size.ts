import type { Step } from '../kernel/model.ts';
import type { JobResult } from './contract.ts';

/** Bytes that steps and outputs may have together; a message of a result has at most a megabyte. */
const most = 900_000;

/**
 * A job's result within the bounds of a message: what people can do without goes first. The outcome is never lost to
 * something that a job has said too much of.
 */
export function withinMessage(result: JobResult): JobResult {
  return { ...result, steps: stepsWithin(result.steps, most - sizeOf(result.outputs)) };
}

/** Steps in so many bytes: summaries go first, then annotations, and so on. */
export function stepsWithin(steps: Step[], bytes: number): Step[] {
  let lighter = steps;
  const without = [
    () => lighter.map((step) => ({ ...step, summary: null })),
    () => lighter.map((step) => ({ ...step, annotations: [] })),
    () => lighter.map((step) => ({ ...step, name: step.name.slice(0, 50) })),
    () => lighter.filter(({ status }) => status !== 'skipped' && status !== 'success'),
    () => [],
  ];
  for (const lighten of without) {
    if (sizeOf(lighter) <= bytes) break;
    lighter = lighten();
  }
  return lighter;
}

/** In the form in which it is sent, where a character can take six bytes. */
export function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
