import type { Step } from './shapes.ts';

/** A step that has not begun. */
export function newStep(name: string): Step {
  return {
    ...{ name, status: 'waiting', exitCode: null, startedAt: null, finishedAt: null },
    ...{ outcome: null, logStart: null, logEnd: null, annotations: [], summary: null },
  };
}
