import type { WorkflowState } from './workflow-state.ts';

/**
 * How far a step may go. When the job is cancelled or has run out of time, the condition of the step that runs is asked
 * again, as GitHub's runner does (`StepsRunner.cs`): where it holds even now, the step goes on for as long as there is
 * time to clean up, and is ended at once where not.
 */
export class StepSignal {
  readonly #job: WorkflowState;
  readonly #holds: () => Promise<boolean>;
  readonly #controller = new AbortController();
  #followed: AbortSignal | undefined;
  readonly #heed = () => void this.#decide();

  constructor(job: WorkflowState, holds: () => Promise<boolean>) {
    this.#job = job;
    this.#holds = holds;
    this.#follow(job.signal);
  }

  /** Aborts when the step is to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The step is over. */
  release(): void {
    this.#followed?.removeEventListener('abort', this.#heed);
  }

  #follow(signal: AbortSignal): void {
    this.release();
    this.#followed = signal;
    if (signal.aborted) this.#heed();
    else signal.addEventListener('abort', this.#heed, { once: true });
  }

  async #decide(): Promise<void> {
    const ended = this.#followed as AbortSignal;
    const early = ended === this.#job.around.signal && this.#job.beginCleanup();
    if (early && (await this.#holds().catch(() => false))) this.#follow(this.#job.signal);
    else this.#controller.abort(ended.reason);
  }
}
