import { setImmediate } from 'node:timers/promises';
import { StepFault } from '../fault.ts';
import type { Trial } from './glob.ts';

/** Comparisons that the patterns of one job may take together: some ten seconds of them. */
const mostSteps = 2_000_000_000;
/** Comparisons after which everybody else has a turn: some five milliseconds. */
const stepsAtOnce = 1_000_000;
/** Files and folders that one job may have looked at; a pattern that leads to more is not meant so. */
const mostEntries = 2_000_000;
/** And after how many of them everybody else has a turn. */
const entriesAtOnce = 1000;

/** What a job has had looked at to find files by patterns, within the bounds of a job. */
export class SearchBudget implements Trial {
  steps = 0;
  #entries = 0;
  #pausedAt = 0;

  /**
   * To be called for each file or folder that is looked at, in between of which nothing may take long.
   * @throws StepFault where the job has had too many looked at
   */
  async next(): Promise<void> {
    if (this.steps > mostSteps)
      throw new StepFault(`the job's patterns for paths take too long: more than ${mostSteps} comparisons`);
    if (++this.#entries > mostEntries)
      throw new StepFault(`the job's patterns for paths lead to more than ${mostEntries} files and folders`);
    if (this.steps - this.#pausedAt < stepsAtOnce && this.#entries % entriesAtOnce !== 0) return;
    this.#pausedAt = this.steps;
    await setImmediate();
  }
}
