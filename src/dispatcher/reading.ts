import { createHash } from 'node:crypto';
import { ownProgram } from '../kernel/own-program.ts';
import { TaskEnded, TaskProcess } from '../kernel/task-process.ts';
import type { Diagnostic } from '../workflow/diagnostics.ts';
import type { WorkflowFile } from '../workflow/files.ts';
import type { ReadWorkflows } from '../workflow/read-all.ts';

/** Of the files of one commit; those of large projects take below 200 ms and 50 MB. */
const limits = { processorTime: 10_000, memory: 256 };
/** Sets of files that are remembered as read: they are the same at commit after commit. */
const mostRemembered = 20;

/** Reads workflow files in a process of its own, those of several repositories in turn. */
export class WorkflowReader {
  readonly #read = new Map<string, ReadWorkflows>();
  readonly #process = new TaskProcess<readonly WorkflowFile[], ReadWorkflows>(
    ownProgram(import.meta.url, 'reading-process', 'reading-process'),
    limits,
  );

  /**
   * A set that takes too much to read is invalid, and says so.
   * @param repo whose files they are
   * @throws Error where they could not be read, for a reason that is not in them
   */
  async read(repo: string, all: readonly { path: string; text: string | null }[]): Promise<ReadWorkflows> {
    const files = all.flatMap(({ path, text }) => (text === null ? [] : [{ path, text }]));
    const tooLarge = all
      .filter(({ text }) => text === null)
      .map(({ path }) => fault(path, 'the file is too large, alone or together with the others'));
    const read = await this.#readTexts(repo, files);
    return tooLarge.length === 0 ? read : { ...read, diagnostics: [...read.diagnostics, ...tooLarge] };
  }

  async #readTexts(repo: string, files: readonly WorkflowFile[]): Promise<ReadWorkflows> {
    if (files.length === 0) return { workflows: [], diagnostics: [] };
    const hash = createHash('sha256').update(JSON.stringify(files)).digest('hex');
    const known = this.#read.get(hash);
    if (known) return known;
    const read = await this.#process.run(files, { owner: repo }).catch((error: unknown) => {
      if (error instanceof TaskEnded && error.why !== 'lost') return unreadable(files, error.message);
      throw error;
    });
    this.#read.set(hash, read);
    if (this.#read.size > mostRemembered) this.#read.delete(this.#read.keys().next().value ?? '');
    return read;
  }

  async close(): Promise<void> {
    await this.#process.close();
  }
}

function unreadable(files: readonly WorkflowFile[], why: string): ReadWorkflows {
  const diagnostics = files.map(({ path }) => fault(path, `the workflow files of the commit cannot be read: ${why}`));
  return { workflows: [], diagnostics };
}

function fault(file: string, message: string): Diagnostic {
  return { file, line: 1, column: 1, severity: 'invalid', message };
}
