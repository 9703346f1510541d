import { TaskEnded } from '../../system/task-process.ts';
import { StepFault } from '../fault.ts';
import type { TextAnswer, TextTask, TextWork } from './tasks.ts';

/** Processor time (ms) that the texts of one job may take together. */
const mostTime = 60_000;

/** What of one job is worked on in a process that can be ended, within bounds for each piece and for the job. */
export class JobTexts {
  readonly #run: (task: TextTask, signal?: AbortSignal) => Promise<TextAnswer>;
  readonly #longest: number;
  #taken = 0;

  /** @param longest processor time (ms) of one task, after which it is ended */
  constructor(run: (task: TextTask, signal?: AbortSignal) => Promise<TextAnswer>, longest: number) {
    this.#run = run;
    this.#longest = longest;
  }

  /**
   * @param what it is, as the beginning of a sentence about why it failed
   * @throws StepFault where the text is at fault, it takes too long or too much memory, or the job has had its time; VoltError
   */
  async work<Kind extends keyof TextWork>(
    kind: Kind,
    task: TextWork[Kind]['task'],
    what: string,
    signal?: AbortSignal,
  ): Promise<TextWork[Kind]['result']> {
    if (this.#taken > mostTime) {
      throw new StepFault(
        `${what}: the job's expressions, problem matchers and reports have taken more than ${mostTime / 1000} s of processor time together`,
      );
    }
    const answer = await this.#run({ kind, task } as TextTask, signal).catch((error: unknown) => {
      if (!(error instanceof TaskEnded) || error.why === 'lost') throw error;
      this.#taken += this.#longest;
      throw new StepFault(`${what}: ${error.message}`);
    });
    this.#taken += answer.took;
    if ('fault' in answer) throw new StepFault(answer.fault);
    return answer.result as TextWork[Kind]['result'];
  }
}
