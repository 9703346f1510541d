import { type FinalStatus, newStep, type Step } from '../kernel/model.ts';
import { serverTime } from '../kernel/server-time.ts';
import type { JobLog } from './log.ts';
import type { JobOutcome } from './outcome.ts';

/** The steps of a job; each change is told. */
export class StepList {
  readonly list: Step[] = [];
  readonly #log: JobLog;
  readonly #tell: (steps: Step[]) => void;

  constructor(log: JobLog, tell: (steps: Step[]) => void) {
    this.#log = log;
    this.#tell = tell;
  }

  /** A step that is still to come. @param at its place; behind all that are known where it is absent */
  add(name: string, at = this.list.length): Step {
    const step = newStep(name);
    this.list.splice(at, 0, step);
    return step;
  }

  begin(step: Step): void {
    step.status = 'running';
    step.startedAt = now();
    step.logStart = this.#log.bytes;
    this.#tell(this.list);
  }

  /** @param outcome what the step came to by itself, where that is not its status */
  end(step: Step, status: FinalStatus, exitCode: number | null, outcome: FinalStatus = status): void {
    step.status = status;
    step.outcome = outcome;
    step.exitCode = exitCode;
    if (step.startedAt !== null) {
      step.finishedAt = now();
      step.logEnd = this.#log.bytes;
    }
    this.#tell(this.list);
  }

  /** The job is over: a step that runs shares its outcome, those that never began are skipped. */
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
