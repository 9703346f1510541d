import type { JobResult } from './contract.ts';

/** Bytes that steps and outputs may have together; a message of a result has at most a megabyte. */
const most = 900_000;

/**
 * A job's result within the bounds of a message: what people can do without goes first. The outcome is never lost to
 * something that a job has said too much of.
 */
export function withinMessage(result: JobResult): JobResult {
  let { steps } = result;
  const without = [
    () => steps.map((step) => ({ ...step, summary: null })),
    () => steps.map((step) => ({ ...step, annotations: [] })),
    () => steps.map((step) => ({ ...step, name: step.name.slice(0, 50) })),
    () => steps.filter(({ status }) => status !== 'skipped' && status !== 'success'),
    () => [],
  ];
  for (const lighter of without) {
    if (sizeOf(steps) + sizeOf(result.outputs) <= most) break;
    steps = lighter();
  }
  return { ...result, steps };
}

/** In the form in which it is sent, where a character can take six bytes. */
export function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
