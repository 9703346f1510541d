import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { errorText } from '../kernel/errors.ts';
import { ownProgram } from '../kernel/own-program.ts';
import type { Diagnostic } from '../workflow/diagnostics.ts';
import type { WorkflowFile } from '../workflow/files.ts';
import type { ReadWorkflows } from '../workflow/read-all.ts';

/** Longest that the files of one commit may take to read, in milliseconds; those of large projects take below 200. */
const patience = 15_000;
/** The thread ends after it has had nothing to do for this long (ms): it holds some 30 MB. */
const idleTime = 10_000;
/** Sets of files that are remembered as read: they are the same at commit after commit. */
const mostRemembered = 20;

/** Reads workflow files in a thread of its own, one commit's after the other. */
export class WorkflowReader {
  readonly #read = new Map<string, ReadWorkflows>();
  #queue: Promise<unknown> = Promise.resolve();
  #thread: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** Never rejects for what a file holds: a set that cannot be read in time is invalid. */
  async read(all: readonly { path: string; text: string | null }[]): Promise<ReadWorkflows> {
    const files = all.flatMap(({ path, text }) => (text === null ? [] : [{ path, text }]));
    const tooLarge = all
      .filter(({ text }) => text === null)
      .map(({ path }) => fault(path, 'the file is too large, alone or together with the others'));
    const read = await this.#readTexts(files);
    return tooLarge.length === 0 ? read : { ...read, diagnostics: [...read.diagnostics, ...tooLarge] };
  }

  async #readTexts(files: readonly WorkflowFile[]): Promise<ReadWorkflows> {
    if (files.length === 0) return { workflows: [], diagnostics: [] };
    const hash = createHash('sha256').update(JSON.stringify(files)).digest('hex');
    const known = this.#read.get(hash);
    if (known) return known;
    const turn = this.#queue.then(() => this.#ask(files));
    this.#queue = turn.catch(() => undefined);
    const read = await turn.catch((error: unknown) => unreadable(files, errorText(error)));
    this.#read.set(hash, read);
    if (this.#read.size > mostRemembered) this.#read.delete(this.#read.keys().next().value ?? '');
    return read;
  }

  async close(): Promise<void> {
    await this.#queue;
    await this.#end();
  }

  #ask(files: readonly WorkflowFile[]): Promise<ReadWorkflows> {
    clearTimeout(this.#idle);
    this.#thread ??= startThread();
    const thread = this.#thread;
    return new Promise<ReadWorkflows>((resolve, reject) => {
      const late = setTimeout(() => fail(new Error(`it took longer than ${patience / 1000} s to read`)), patience);
      const settle = () => {
        clearTimeout(late);
        thread.off('message', succeed).off('error', fail).off('exit', vanish);
      };
      const succeed = (read: ReadWorkflows) => {
        settle();
        this.#idle = setTimeout(() => void this.#end(), idleTime).unref();
        resolve(read);
      };
      const fail = (error: Error) => {
        settle();
        void this.#end();
        reject(error);
      };
      const vanish = () => fail(new Error('the thread that reads has ended'));
      thread.on('message', succeed).on('error', fail).on('exit', vanish);
      thread.postMessage(files);
    });
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }
}

function unreadable(files: readonly WorkflowFile[], why: string): ReadWorkflows {
  const diagnostics = files.map(({ path }) => fault(path, `the workflow files of the commit cannot be read: ${why}`));
  return { workflows: [], diagnostics };
}

function fault(file: string, message: string): Diagnostic {
  return { file, line: 1, column: 1, severity: 'invalid', message };
}

function startThread(): Worker {
  const file = ownProgram(import.meta.url, 'reading-thread', 'reading-thread');
  const options = { resourceLimits: { maxOldGenerationSizeMb: 256 } };
  if (!file.endsWith('.ts')) return new Worker(file, options);
  // a thread does not inherit what makes the process understand TypeScript
  const api = createRequire(import.meta.url)
    .resolve('tsx/esm/api')
    .replace(/\.cjs$/, '.mjs');
  const [tsx, own] = [api, file].map((path) => JSON.stringify(pathToFileURL(path).href));
  const begin = `import(${tsx}).then(({ register }) => { register(); return import(${own}); });`;
  return new Worker(begin, { ...options, eval: true });
}
