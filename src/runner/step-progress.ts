import type { Step } from '../kernel/model.ts';

/** Milliseconds between reports of a job's steps; a job that is shorter reports its steps at its end only. */
const interval = 250;

/** Reports the steps of a running job now and then. Its outcome has all of them anyway. */
export class StepProgress {
  readonly #report: (steps: Step[]) => void;
  #timer: NodeJS.Timeout | undefined;
  #latest: Step[] = [];

  constructor(report: (steps: Step[]) => void) {
    this.#report = report;
  }

  /** @param steps the job's own list. Long lists are reported less often, and summaries only with the outcome. */
  changed(steps: Step[]): void {
    this.#latest = steps;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#report(this.#latest.map((step) => ({ ...step, summary: null })));
    }, interval + steps.length);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
