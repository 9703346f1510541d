import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import { asVoltError, receivedError, VoltError } from '../kernel/errors.ts';
import type { StartableWorkflows } from '../kernel/model/startable-shapes.ts';
import type { Database } from '../record/database.ts';
import { answerStartable, openStartable, type StartableAtRef } from '../record/startable.ts';
import { ownProgram } from '../system/own-program.ts';
import { TaskEnded, TaskProcess } from '../system/task-process.ts';
import type { WorkflowFile } from '../workflow/files.ts';
import { filesOf } from './workflow-files.ts';

/** For the workflow files of one commit (ms, MB). Those of large projects take below 200 ms and 50 MB. */
const limits = { processorTime: 5000, memory: 256 };

/** A ref that a person has asked about. */
export type Question = Awaited<ReturnType<typeof openStartable>>[number];

/** Answers which workflows people may start at a ref. The files are foreign, so a process that can be killed reads them. */
export class Startable {
  readonly #database: Database;
  readonly #process = new TaskProcess<readonly WorkflowFile[], StartableWorkflows>(
    ownProgram(import.meta.url, 'startable-process', 'startable'),
    limits,
    receivedError,
  );

  constructor(database: Database) {
    this.#database = database;
  }

  close(): Promise<void> {
    return this.#process.close();
  }

  /** The open questions about a repository. */
  open(repo: string): Promise<Question[]> {
    return openStartable(this.#database, repo);
  }

  /** @param mirror of the repository, which is up to date */
  async answer(
    repo: string,
    questions: readonly Question[],
    { mirror, defaultBranch, options }: { mirror: Mirror; defaultBranch: string | null; options: UpdateOptions },
  ): Promise<void> {
    for (const question of questions) {
      const answer = await this.#read(repo, mirror, question.ref ?? defaultBranch, options).catch(asVoltError);
      await answerStartable(this.#database, repo, question, answer);
    }
  }

  /** Answers all questions of a repository that cannot be fetched. */
  async fail(repo: string, error: VoltError): Promise<void> {
    for (const question of await this.open(repo)) await answerStartable(this.#database, repo, question, error);
  }

  async #read(repo: string, mirror: Mirror, name: string | null, options: UpdateOptions): Promise<StartableAtRef> {
    if (name === null)
      throw new VoltError('commit_missing', 'the repository has no default branch', { remedy: 'Name a ref.' });
    const { ref, sha } = await mirror.find(name, options);
    const [files = []] = await filesOf(mirror, [sha], options);
    const texts = files.flatMap(({ path, text }) => (text === null ? [] : [{ path, text }]));
    const tooLarge = files
      .filter(({ text }) => text === null)
      .map(({ path }) => ({ path, message: 'the file is too large, alone or together with the others' }));
    const read = texts.length === 0 ? { workflows: [], invalid: [] } : await this.#parse(repo, texts);
    return { ref, sha, workflows: read.workflows, invalid: [...read.invalid, ...tooLarge] };
  }

  async #parse(repo: string, files: readonly WorkflowFile[]): Promise<StartableWorkflows> {
    try {
      return await this.#process.run(files, { owner: repo });
    } catch (error) {
      if (!(error instanceof TaskEnded) || error.why === 'lost') throw error;
      const message = `the workflow files of the commit cannot be read: ${error.message}`;
      return { workflows: [], invalid: files.map(({ path }) => ({ path, message })) };
    }
  }
}
