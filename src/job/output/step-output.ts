import { setImmediate } from 'node:timers/promises';
import type { Annotation } from '../../kernel/model.ts';
import { annotationOf } from './annotation.ts';
import type { Masker } from './masker.ts';
import type { Matchers } from './matchers.ts';
import { type FindProblems, ProblemSearch } from './problem-search.ts';
import { parseCommand, type WorkflowCommand } from './workflow-command.ts';

const newline = 10;
/** Bytes of lines that are processed before other work runs. */
const slice = 4096;
/** A line that may be a command is held back up to this many bytes; a longer line is ordinary output. */
const longestLine = 1_048_576;
/** A line that begins with more blanks than this is ordinary output, too. */
const longestIndent = 256;

export interface StepOutputOptions {
  masker: Masker;
  matchers: Matchers;
  find: FindProblems;
  /** takes the log, secrets masked; a promise that it returns pauses the output */
  log(chunk: Buffer): void | Promise<void>;
  /** bytes of the log so far */
  logged(): number;
  /** whether `debug` lines and commands are shown */
  debug: boolean;
  /** takes annotations with secrets in them */
  annotate(annotation: Annotation): void;
  /** runs commands that change the state of the step or the job; throws what is wrong with one */
  act(command: WorkflowCommand): void;
}

/**
 * Passes the output of a step to the log: it runs commands, finds problems and masks secrets. All else passes byte for
 * byte, and at once, even if its line is not complete.
 */
export class StepOutput {
  readonly #options: StepOutputOptions;
  /** the line that is not complete yet */
  #line: Buffer[] = [];
  #lineBytes = 0;
  /** bytes of the log before it */
  #lineStart = 0;
  /** whether the line is a command, as far as is known; it is held back until it is known not to be */
  #kind: Likeness = 'maybe';
  #echo: boolean;
  /** commands are ignored until a line `::token::` */
  #stopToken: string | undefined;
  #shown: Buffer[] = [];
  #shownBytes = 0;
  /** long output that is being processed slice by slice */
  #sliced: Promise<void> | undefined;
  readonly #search: ProblemSearch;

  constructor(options: StepOutputOptions) {
    this.#options = options;
    this.#search = new ProblemSearch(options.matchers, options.find, (problem) => options.annotate(problem));
    this.#echo = options.debug;
  }

  /** The caller may reuse the chunk after this call. */
  write(chunk: Buffer): void | Promise<void> {
    if (this.#sliced) return this.#later(Buffer.from(chunk));
    let at = 0;
    if (this.#lineBytes === 0 && !this.#search.active && !chunk.includes('::') && !chunk.includes('##[')) {
      at = chunk.lastIndexOf(newline) + 1;
      this.#pass(chunk.subarray(0, at));
    }
    if (chunk.length - at > slice) return this.#later(Buffer.from(chunk.subarray(at)));
    this.#takeAll(chunk.subarray(at));
    return this.#show();
  }

  /** Processes lines slice by slice, so that other work can run. */
  #later(bytes: Buffer): Promise<void> {
    const work = async () => {
      for (let at = 0; at < bytes.length; at += slice) {
        this.#takeAll(bytes.subarray(at, at + slice));
        await this.#show();
        await setImmediate();
      }
    };
    const processed = (this.#sliced ?? Promise.resolve()).then(work).finally(() => {
      if (this.#sliced === processed) this.#sliced = undefined;
    });
    this.#sliced = processed;
    return processed;
  }

  #takeAll(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(newline, at) + 1 || bytes.length;
      this.#take(bytes.subarray(at, end));
      at = end;
    }
  }

  /** Ends the output. Waits for the search for problems, up to a limit. */
  async end(): Promise<void> {
    await this.#sliced;
    const isOpen = this.#lineBytes > 0;
    if (isOpen) this.#endLine();
    const notices = await this.#search.end();
    if (isOpen && notices.length > 0) this.#pass(Buffer.from('\n'));
    for (const notice of notices) this.#say(`##[warning]${notice}`);
    this.#add(this.#options.masker.end());
    await this.#show();
  }

  /** Takes a part of a line, or its end. */
  #take(part: Buffer): void {
    const ends = part.at(-1) === newline;
    if (this.#lineBytes === 0) this.#lineStart = this.#position;
    this.#line.push(ends ? part : Buffer.from(part));
    this.#lineBytes += part.length;
    if (this.#kind === 'no') {
      this.#pass(part);
      if (this.#lineBytes > longestLine) this.#line = [];
    } else {
      if (this.#kind === 'maybe') this.#kind = likeness(Buffer.concat(this.#line));
      const bound = this.#kind === 'maybe' ? longestIndent : longestLine;
      if (this.#kind === 'no' || this.#lineBytes > bound) this.#release();
    }
    if (ends) this.#endLine();
  }

  /** The line is ordinary output. */
  #release(): void {
    for (const part of this.#line) this.#pass(part);
    this.#kind = 'no';
  }

  #endLine(): void {
    const bytes = this.#line.length === 1 ? (this.#line[0] as Buffer) : Buffer.concat(this.#line);
    const kind = this.#kind;
    this.#line = [];
    this.#lineBytes = 0;
    this.#kind = 'maybe';
    if (kind !== 'no') {
      const text = bytes.toString().replace(/\r?\n$/, '');
      const command = this.#commandOf(text);
      if (command) {
        this.#carryOut(command, text);
        return;
      }
      this.#pass(bytes);
    }
    if (this.#search.active) this.#search.take(bytes.toString().replace(/\n$/, ''), this.#lineStart);
  }

  #commandOf(line: string): WorkflowCommand | undefined {
    const command = parseCommand(line, this.#stopToken);
    if (this.#stopToken === undefined) return command;
    return command?.name === this.#stopToken ? command : undefined;
  }

  #carryOut(command: WorkflowCommand, line: string): void {
    const { name, data, properties } = command;
    if (name === this.#stopToken) {
      this.#stopToken = undefined;
      return;
    }
    switch (name) {
      case 'stop-commands':
        if (data === '') this.#fault('stop-commands needs a token');
        else this.#stopToken = data;
        return;
      case 'echo':
        if (data.trim().toLowerCase() === 'on') this.#echo = true;
        else if (data.trim().toLowerCase() === 'off') this.#echo = this.#options.debug;
        else this.#fault(`echo can be "on" or "off", not "${data}"`);
        return;
      case 'group':
        this.#say(`##[group]${data}`);
        return;
      case 'endgroup':
        this.#say('##[endgroup]');
        return;
      case 'debug':
        if (this.#options.debug) this.#say(`##[debug]${data}`);
        return;
      case 'error':
      case 'warning':
      case 'notice':
        this.#options.annotate(annotationOf(name, data, this.#lineStart, properties));
        this.#say(`##[${name}]${data}`);
        return;
    }
    if (this.#echo && name !== 'add-mask') this.#say(line);
    try {
      this.#options.act(command);
    } catch (error) {
      this.#fault(error instanceof Error ? error.message : String(error));
    }
  }

  /** Reports a command that failed. */
  #fault(message: string): void {
    this.#say(`##[error]${message}`);
    this.#options.annotate(annotationOf('error', message, this.#lineStart));
  }

  #say(text: string): void {
    this.#pass(Buffer.from(`${text}\n`));
  }

  #pass(bytes: Buffer): void {
    this.#add(this.#options.masker.push(bytes));
  }

  #add(shown: Buffer): void {
    if (shown.length === 0) return;
    this.#shown.push(shown);
    this.#shownBytes += shown.length;
  }

  /** Bytes of the log before what comes next. What is held back may become shorter when it is masked. */
  get #position(): number {
    const { logged, masker } = this.#options;
    return logged() + this.#shownBytes + masker.held;
  }

  #show(): void | Promise<void> {
    if (this.#shown.length === 0) return undefined;
    const shown = this.#shown.splice(0);
    this.#shownBytes = 0;
    return this.#options.log(shown.length === 1 ? (shown[0] as Buffer) : Buffer.concat(shown));
  }
}

type Likeness = 'yes' | 'no' | 'maybe';

/** Whether a line that begins like this is a command; `maybe` if too little of it is known. */
function likeness(line: Buffer): Likeness {
  let at = 0;
  while (line[at] === 32 || line[at] === 9) at++;
  const start = line.subarray(at, at + 3).toString('latin1');
  if (start.startsWith('::') || start === '##[') return 'yes';
  return ['', ':', '#', '##'].includes(start) ? 'maybe' : 'no';
}
