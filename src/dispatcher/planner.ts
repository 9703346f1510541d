import { createHash } from 'node:crypto';
import type { Decision } from '../job/discovery/decide.ts';
import { errorText, receivedError, VoltError, withRemedy } from '../kernel/errors.ts';
import { FadingMap } from '../kernel/fading-map.ts';
import type { Reason } from '../kernel/model.ts';
import { Later } from '../queues/consumer.ts';
import { ownProgram } from '../system/own-program.ts';
import { TaskEnded, TaskProcess } from '../system/task-process.ts';
import type { CalledRepository } from '../workflow/called-file.ts';
import type { ReadWorkflows } from '../workflow/commit-workflows.ts';
import type { Diagnostic } from '../workflow/diagnostics.ts';
import type { WorkflowFile } from '../workflow/files.ts';
import type { DecideTask } from './decide-task.ts';
import type { RoundOutcome, RoundTask } from './round.ts';
import { Throttle } from './throttle.ts';
import type { BuildTask, workflowBuild } from './workflow-build.ts';

/** For one commit's files, or one planning of a build (ms, MB). Those of large projects take below 200 ms and 50 MB. */
const limits = { processorTime: 5000, memory: 256 };
/** How often planning may fail for a reason that is not in the files before the build ends. */
const mostFailures = 3;
/** How many parsed sets of files, and decisions, are remembered: most commits change none of them. */
const mostRemembered = 20;

export type PlanningTask =
  | { kind: 'decide'; task: DecideTask }
  | { kind: 'read'; files: readonly WorkflowFile[]; called: readonly CalledRepository[] }
  | { kind: 'build'; task: BuildTask }
  | { kind: 'round'; task: RoundTask };
export type BuildOutcome = ReturnType<typeof workflowBuild>;

/** The workflows cannot be planned: they exceed the limits (`invalid_workflow`), or planning has failed too often. */
export class Unplannable extends Error {
  readonly reason: Extract<Reason, 'invalid_workflow' | 'planning_failed'>;

  constructor(reason: Unplannable['reason'], message: string) {
    super(message);
    this.name = 'Unplannable';
    this.reason = reason;
  }
}

/**
 * Reads workflow files and plans builds in a process that can be killed, since the files are untrusted. Repositories take
 * turns, and one whose files take long waits in between.
 *
 * All methods throw Unplannable; Later if the repository must wait; VoltError for a person's mistake; and other errors if
 * planning may succeed the next time.
 */
class Planner {
  readonly #read = new Map<string, ReadWorkflows>();
  readonly #decided = new Map<string, Decision>();
  readonly #throttles = { decide: new Throttle(), read: new Throttle(), build: new Throttle(), round: new Throttle() };
  /** by task */
  readonly #failures = new FadingMap<string, number>(3_600_000, 1000);
  #process: TaskProcess<PlanningTask, unknown> | undefined;

  /** A set of files that exceeds the limits is invalid. */
  async read(
    repo: string,
    all: readonly { path: string; text: string | null }[],
    called: readonly CalledRepository[],
  ): Promise<ReadWorkflows> {
    const files = all.flatMap(({ path, text }) => (text === null ? [] : [{ path, text }]));
    const tooLarge = all
      .filter(({ text }) => text === null)
      .map(({ path }) => fault(path, 'the file is too large, alone or together with the others'));
    const read = await this.#readTexts(repo, files, called);
    return tooLarge.length === 0 ? read : { ...read, diagnostics: [...read.diagnostics, ...tooLarge] };
  }

  /** Decides how a commit is tested, from `.volt.yml` and the names of its files. */
  async decide(repo: string, task: DecideTask): Promise<Decision> {
    const hash = hashOf(task);
    const known = this.#decided.get(hash);
    if (known) return known;
    const decision = (await this.#run(repo, `decide ${hash}`, { kind: 'decide', task })) as Decision;
    remember(this.#decided, hash, decision);
    return decision;
  }

  async build(repo: string, offer: string, task: BuildTask): Promise<BuildOutcome> {
    return (await this.#run(repo, `build ${offer}`, { kind: 'build', task })) as BuildOutcome;
  }

  async round(task: RoundTask): Promise<RoundOutcome> {
    const { repo } = task.state.build;
    return (await this.#run(repo.name, `round ${task.build}`, { kind: 'round', task })) as RoundOutcome;
  }

  /** Ends the process; the next task starts another one. */
  async close(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await process?.close();
  }

  async #readTexts(
    repo: string,
    files: readonly WorkflowFile[],
    called: readonly CalledRepository[],
  ): Promise<ReadWorkflows> {
    if (files.length === 0) return { workflows: [], called: [], broken: [], diagnostics: [] };
    const hash = hashOf([files, called]);
    const known = this.#read.get(hash);
    if (known) return known;
    const read = await this.#run(repo, `read ${hash}`, { kind: 'read', files, called }).catch((error: unknown) => {
      if (error instanceof Unplannable && error.reason === 'invalid_workflow') return unreadable(files, error.message);
      throw error;
    });
    remember(this.#read, hash, read as ReadWorkflows);
    return read as ReadWorkflows;
  }

  async #run(repo: string, what: string, task: PlanningTask): Promise<unknown> {
    const throttle = this.#throttles[task.kind];
    const wait = throttle.wait(repo);
    if (wait > 0) throw new Later(wait, `${repo} took long to plan`);
    this.#process ??= new TaskProcess(
      ownProgram(import.meta.url, 'planning-process', 'planning-process'),
      limits,
      receivedError,
    );
    let begun: number | undefined;
    const begins = () => {
      begun = performance.now();
    };
    const note = () => throttle.note(repo, performance.now() - (begun ?? performance.now()));
    try {
      const outcome = await this.#process.run(task, { owner: repo, begins });
      note();
      this.#failures.delete(what);
      return outcome;
    } catch (error) {
      if (!(error instanceof TaskEnded && error.why === 'lost')) note();
      if (error instanceof VoltError) throw error;
      if (error instanceof TaskEnded && error.why !== 'lost') {
        if (task.kind !== 'decide') throw new Unplannable('invalid_workflow', error.message);
        throw new Unplannable('planning_failed', `the search for its tests ${error.message}`);
      }
      const failures = (this.#failures.get(what) ?? 0) + 1;
      this.#failures.set(what, failures);
      if (failures < mostFailures) throw error;
      this.#failures.delete(what);
      throw new Unplannable('planning_failed', `planning it has failed ${failures} times: ${errorText(error)}`);
    }
  }
}

function hashOf(task: unknown): string {
  return createHash('sha256').update(JSON.stringify(task)).digest('hex');
}

function remember<T>(known: Map<string, T>, hash: string, value: T): void {
  known.set(hash, value);
  if (known.size > mostRemembered) known.delete(known.keys().next().value ?? '');
}

/** Shared by the whole process. */
export const planner = new Planner();

export interface Ending {
  reason: Reason;
  message: string;
}

/** How waiting jobs end after this error of planning; undefined if planning may succeed the next time. */
export function endingOf(error: unknown): Ending | undefined {
  if (error instanceof Unplannable) {
    const { reason, message } = error;
    return { reason, message: reason === 'invalid_workflow' ? `its workflows cannot be planned: ${message}` : message };
  }
  if (error instanceof VoltError && error.code === 'too_large') {
    return { reason: 'invalid_workflow', message: withRemedy(error) };
  }
  return undefined;
}

function unreadable(files: readonly WorkflowFile[], why: string): ReadWorkflows {
  const diagnostics = files.map(({ path }) => fault(path, `the workflow files of the commit cannot be read: ${why}`));
  return { workflows: [], called: [], broken: [], diagnostics };
}

function fault(file: string, message: string): Diagnostic {
  return { file, line: 1, column: 1, severity: 'invalid', message };
}
