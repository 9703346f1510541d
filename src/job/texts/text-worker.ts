import { receivedError } from '../../kernel/errors.ts';
import { ownProgram } from '../../system/own-program.ts';
import { TaskProcess } from '../../system/task-process.ts';
import { JobTexts } from './job-texts.ts';
import type { TextAnswer, TextTask } from './tasks.ts';

/** Limits of one task: milliseconds and megabytes. Usual ones take below 20 ms and 20 MB. */
const limits = { processorTime: 2000, memory: 192 };

/** Runs text tasks of a runner's jobs in a process that can be killed, one task at a time, in turns among the jobs. */
export class TextWorker {
  readonly #process = new TaskProcess<TextTask, TextAnswer>(
    ownProgram(import.meta.url, 'process', 'texts'),
    limits,
    receivedError,
  );

  /** @param name of the job, unique among those that run */
  forJob(name: string): JobTexts {
    return new JobTexts(
      (task, signal) => this.#process.run(task, { owner: name, ...(signal && { signal }) }),
      limits.processorTime,
    );
  }

  async close(): Promise<void> {
    await this.#process.close();
  }
}
