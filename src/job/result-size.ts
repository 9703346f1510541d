import type { Step } from '../kernel/model.ts';
import type { JobResult } from './input-and-result.ts';

/** Bytes that steps and outputs may have together; a result message has at most a megabyte. */
const most = 900_000;

/** Cuts a job's result to the size of a message: the least important goes first. The outcome always stays. */
export function withinMessage(result: JobResult): JobResult {
  return { ...result, steps: stepsWithin(result.steps, most - sizeOf(result.outputs)) };
}

/** Cuts steps to that many bytes: summaries go first, then annotations, and so on. */
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

/** Bytes of a value as JSON, in which a character can take six. */
export function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
