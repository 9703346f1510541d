import { TaskEnded } from '../../system/task-process.ts';
import { StepFault } from '../fault.ts';
import type { TextAnswer, TextTask, TextWork } from './tasks.ts';

/** Milliseconds of processor time that the texts of one job may take together. */
const mostTime = 60_000;

/** Evaluates and parses texts of one job in a process that can be killed, with limits for each task and for the job. */
export class JobTexts {
  readonly #run: (task: TextTask, signal?: AbortSignal) => Promise<TextAnswer>;
  readonly #longest: number;
  #taken = 0;

  /** @param longest milliseconds of processor time of one task, after which it is killed */
  constructor(run: (task: TextTask, signal?: AbortSignal) => Promise<TextAnswer>, longest: number) {
    this.#run = run;
    this.#longest = longest;
  }

  /**
   * @param what the beginning of a sentence about a failure
   * @throws StepFault if the text is not valid, it takes too long or too much memory, or the job has used up its time;
   * VoltError
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
