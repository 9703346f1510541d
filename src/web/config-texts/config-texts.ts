import { receivedError, VoltError } from '../../kernel/errors.ts';
import { ownProgram } from '../../system/own-program.ts';
import { TaskEnded, TaskProcess } from '../../system/task-process.ts';
import type { ConfigFile, ConfigProblem } from '../schemas/config.ts';
import type { PlacedProblem } from './settings-text.ts';

/** Limits of one text, in milliseconds and MB; the largest that a request may have needs some 2 s and 150 MB. */
const limits = { processorTime: 10_000, memory: 384 };

/** A text to read, with what is wrong with its settings; or settings to write. */
export type ConfigTask = { read: string; problems: readonly ConfigProblem[] } | { write: ConfigFile };

export interface ConfigTextAnswer {
  /** what was written */
  text?: string;
  /** what was read, unless it is no text of settings */
  config?: { readonly [section: string]: unknown };
  problems?: PlacedProblem[];
}

/** Settings that a person gives, or what is wrong with their text. */
type ReadText = { config: { readonly [section: string]: unknown } } | { problems: PlacedProblem[] };

/** Reads and writes settings in YAML, which takes a second for a long text, in a process of its own. */
export class ConfigTexts {
  readonly #process = new TaskProcess<ConfigTask, ConfigTextAnswer>(
    ownProgram(import.meta.url, 'process', 'config-texts'),
    limits,
    receivedError,
  );

  /** @throws VoltError `too_large`, `timed_out` */
  async read(text: string): Promise<ReadText> {
    const { config, problems = [] } = await this.#run({ read: text, problems: [] });
    return config === undefined ? { problems } : { config };
  }

  /** The places of what is wrong with the settings in a text. @throws VoltError as `read` */
  async located(text: string, problems: readonly ConfigProblem[]): Promise<PlacedProblem[]> {
    return (await this.#run({ read: text, problems })).problems ?? [];
  }

  /** @throws VoltError as `read` */
  async written(settings: ConfigFile): Promise<string> {
    return (await this.#run({ write: settings })).text ?? '';
  }

  async close(): Promise<void> {
    await this.#process.close();
  }

  async #run(task: ConfigTask): Promise<ConfigTextAnswer> {
    try {
      return await this.#process.run(task);
    } catch (error) {
      if (!(error instanceof TaskEnded)) throw error;
      if (error.why === 'lost') {
        throw new VoltError('timed_out', `the text of the settings was not handled: ${error.message}`, {
          remedy: 'Try again.',
        });
      }
      throw new VoltError('too_large', `the text of the settings is too complex: ${error.message}`, {
        remedy: 'Leave out what has its usual value, and aliases of YAML.',
      });
    }
  }
}
