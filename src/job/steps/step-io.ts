import type { Annotation, Step } from '../../kernel/model.ts';
import { StepFault } from '../fault.ts';
import { annotationOf } from '../output/annotation.ts';
import { StepOutput } from '../output/step-output.ts';
import { CommandFiles, largestSummary } from './command-files.ts';
import type { Frame } from './frame.ts';
import { actOn, type StepEffects, setVariables } from './step-commands.ts';
import type { WorkflowState } from './workflow-state.ts';

/** The environment and output of a process of a step. */
export interface StepProcess {
  env: Record<string, string>;
  output(chunk: Buffer): void | Promise<void>;
}

/** How a step's processes pass results to the job: by their output, and by the files that variables name. */
export class StepIo {
  /** the step as people see it */
  readonly shown: Step;
  readonly outputs: Record<string, string> = {};
  /** state that an action saves for its `post` */
  readonly state: Record<string, string>;
  /** errors that are in the log already */
  readonly logged = new Set<unknown>();
  readonly #job: WorkflowState;

  constructor(job: WorkflowState, shown: Step, state: Record<string, string> = {}) {
    this.#job = job;
    this.shown = shown;
    this.state = state;
  }

  /**
   * Adds an annotation. A file of the workspace is named by its path there. Secrets are masked before texts are cut.
   */
  annotate(annotation: Annotation): void {
    const { annotations, folders, masker } = this.#job;
    const inside = `${folders.workspace}/`;
    const { file } = annotation;
    const path = file?.startsWith(inside) ? file.slice(inside.length) : file;
    const hide = (text: string | null) => text && masker.text(text);
    annotations.add(this.shown.annotations, {
      ...annotation,
      message: masker.text(annotation.message),
      title: hide(annotation.title),
      file: hide(path ?? null),
    });
  }

  /** Writes a message of Volt's into the log, and adds it as an annotation. */
  async report(level: 'error' | 'warning', message: string): Promise<void> {
    this.annotate(annotationOf(level, message, this.#job.log.lineStart));
    await this.#job.log.line(`##[${level}]${message}`);
  }

  /**
   * Runs a process, and reads the results that it has written, even if it failed.
   * @param env of the step itself
   * @throws any error of `work`; StepFault if `work` succeeds but the results are not valid
   */
  async run(
    frame: Frame,
    id: string,
    env: Readonly<Record<string, string>>,
    work: (process: StepProcess) => Promise<void>,
  ): Promise<void> {
    const job = this.#job;
    const effects: StepEffects = { outputs: this.outputs, state: this.state, refused: false };
    const files = CommandFiles.create(job.folders.commands, job.context.sandbox.owner);
    const variables = { ...job.environment(frame, id, env), ...files.variables };
    const output = new StepOutput({
      masker: job.masker,
      matchers: job.matchers,
      find: (search, signal) => job.context.texts.work('problems', search, 'the problem matchers cannot work', signal),
      debug: job.debug,
      logged: () => job.log.bytes,
      log: (chunk) => job.log.writeHidden(chunk),
      annotate: (annotation) => this.annotate(annotation),
      act: (command) => actOn(job, effects, variables, command),
    });
    try {
      await work({ env: variables, output: (chunk) => output.write(chunk) });
    } finally {
      await output.end();
      await this.#readResults(files);
    }
    if (effects.refused) throw new StepFault('a command was refused');
  }

  async #readResults(files: CommandFiles): Promise<void> {
    const job = this.#job;
    try {
      const { env, output, path, state, summary } = await files.read();
      for (const [name, value] of [...env, ...output, ...state]) job.valueBudget.take(name, value);
      for (const folder of path) job.valueBudget.take('', folder);
      setVariables(job, env, (annotation) => this.annotate(annotation));
      for (const folder of path) job.paths.unshift(folder);
      Object.assign(this.outputs, Object.fromEntries(output));
      Object.assign(this.state, Object.fromEntries(state));
      this.#addSummary(summary);
    } finally {
      files.remove();
    }
  }

  #addSummary(text: string): void {
    if (text === '') return;
    // a text that is too long need not be masked
    const masked = text.length > largestSummary ? text : this.#job.masker.text(text);
    const all = `${this.shown.summary ?? ''}${masked}`;
    const room = this.#job.summaryRoom + Buffer.byteLength(this.shown.summary ?? '');
    const length = Buffer.byteLength(all);
    if (length <= Math.min(room, largestSummary)) {
      this.#job.summaryRoom = room - length;
      this.shown.summary = all;
      return;
    }
    const size = Math.round(Buffer.byteLength(text) / 1024);
    const message = `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of ${largestSummary / 1024}k in a step and twice that in a job, got ${size}k.`;
    void this.report('error', message);
  }
}
