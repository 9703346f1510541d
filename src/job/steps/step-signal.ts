import type { WorkflowState } from './workflow-state.ts';

/**
 * The signal that ends a step. When the job is cancelled or runs out of time, the condition of the running step is
 * evaluated again, as in GitHub's runner (`StepsRunner.cs`): if it still holds, the step goes on within the time for
 * cleaning up; otherwise it ends at once.
 */
export class StepSignal {
  readonly #job: WorkflowState;
  readonly #holds: () => Promise<boolean>;
  readonly #controller = new AbortController();
  #followed: AbortSignal | undefined;
  readonly #aborted = () => void this.#decide();

  constructor(job: WorkflowState, holds: () => Promise<boolean>) {
    this.#job = job;
    this.#holds = holds;
    this.#follow(job.signal);
  }

  /** Aborts when the step must end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** To be called when the step is over. */
  release(): void {
    this.#followed?.removeEventListener('abort', this.#aborted);
  }

  #follow(signal: AbortSignal): void {
    this.release();
    this.#followed = signal;
    if (signal.aborted) this.#aborted();
    else signal.addEventListener('abort', this.#aborted, { once: true });
  }

  async #decide(): Promise<void> {
    const ended = this.#followed as AbortSignal;
    const early = ended === this.#job.context.signal && this.#job.beginCleanup();
    if (early && (await this.#holds().catch(() => false))) this.#follow(this.#job.signal);
    else this.#controller.abort(ended.reason);
  }
}
