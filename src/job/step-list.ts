import { type FinalStatus, newStep, type Step } from '../kernel/model.ts';
import { serverTime } from '../kernel/server-time.ts';
import type { JobLog } from './log.ts';
import type { JobOutcome } from './outcome.ts';

/** The steps of a job. Each change is reported. */
export class StepList {
  readonly list: Step[] = [];
  readonly #log: JobLog;
  readonly #changed: (steps: Step[]) => void;

  constructor(log: JobLog, changed: (steps: Step[]) => void) {
    this.#log = log;
    this.#changed = changed;
  }

  /** Adds a waiting step. @param at its position; the end by default */
  add(name: string, at = this.list.length): Step {
    const step = newStep(name);
    this.list.splice(at, 0, step);
    return step;
  }

  begin(step: Step): void {
    step.status = 'running';
    step.startedAt = now();
    step.logStart = this.#log.bytes;
    this.#changed(this.list);
  }

  /** @param outcome how the step itself ended, if that is not its status (`continue-on-error`) */
  end(step: Step, status: FinalStatus, exitCode: number | null, outcome: FinalStatus = status): void {
    step.status = status;
    step.outcome = outcome;
    step.exitCode = exitCode;
    if (step.startedAt !== null) {
      step.finishedAt = now();
      step.logEnd = this.#log.bytes;
    }
    this.#changed(this.list);
  }

  /** Ends the list with the job: a running step gets the job's status, waiting ones are skipped. */
  close({ status, exitCode }: JobOutcome): void {
    for (const step of this.list) {
      if (step.status === 'running') this.end(step, status, exitCode);
      else if (step.status === 'waiting') this.end(step, 'skipped', null);
    }
  }
}

function now(): string {
  return serverTime();
}
