import { receivedError } from '../../kernel/errors.ts';
import { ownProgram } from '../../system/own-program.ts';
import { TaskProcess } from '../../system/task-process.ts';
import { JobTexts } from './job-texts.ts';
import type { TextAnswer, TextTask } from './tasks.ts';

/** Of one task; what is usual takes below 20 ms and 20 MB. */
const limits = { processorTime: 2000, memory: 192 };

/** Works on what the jobs of a runner hold and say, in a process of its own that can be ended; on that of several jobs in turn. */
export class TextWorker {
  readonly #process = new TaskProcess<TextTask, TextAnswer>(
    ownProgram(import.meta.url, 'process', 'texts'),
    limits,
    receivedError,
  );

  /** @param name of the job, unlike that of any other that runs */
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
