import { VoltError } from '../../kernel/errors.ts';
import { toText } from '../../workflow/expression.ts';
import { firstPlaces } from '../../workflow/job-name.ts';
import { keyOf, type Node } from '../../workflow/node.ts';
import type { Workflow, WorkflowJob } from '../../workflow/workflow.ts';

export interface WantedOptions {
  /** all of the checkout */
  workflows: readonly Workflow[];
  /** those that run */
  running: readonly Workflow[];
  /** the one job that is wanted: its id, its name, or the name of what it becomes, as `test (22)` or `call / inner` */
  job: string | undefined;
  /** values that a combination of a matrix must have */
  matrix: { readonly [name: string]: string };
}

/** Which of the jobs a person wants to be run; those that they need are among them. */
export class Wanted {
  readonly #options: WantedOptions;
  /** jobs that may become the one that is wanted, which only their later names tell; by file and path */
  readonly #mayBecome = new Set<string>();
  /** values that the combinations have, by the name of the key */
  readonly #values = new Map<string, Set<string>>();
  /** whether some job has that very name, so that none needs to become it */
  readonly #exact: boolean;
  #found: boolean;

  /** @throws VoltError `not_found` for a job that no workflow can have */
  constructor(options: WantedOptions) {
    this.#options = options;
    const { job: wanted, running } = options;
    this.#found = wanted === undefined;
    this.#exact = running.some(({ jobs }) => wanted !== undefined && named(jobs, wanted).length > 0);
    if (wanted === undefined || running.some((workflow) => this.idsOf(workflow)?.size)) return;
    throw this.#noJob([]);
  }

  /** Ids of the workflow's jobs that are wanted; undefined for all. */
  idsOf({ path, jobs }: Workflow): Set<string> | undefined {
    const wanted = this.#options.job;
    if (wanted === undefined) return undefined;
    if (this.#exact) {
      this.#found = true;
      return withNeeds(jobs, named(jobs, wanted));
    }
    const found = jobs.filter((job) => mayBecome(job, wanted));
    for (const { id } of found) this.#mayBecome.add(`${path} ${id}`);
    return withNeeds(jobs, found);
  }

  /** Whether a job is wanted under the name that it has now. */
  takes(node: Node, name: string): boolean {
    return this.#fitsMatrix(node) && this.#fitsName(node, name);
  }

  /**
   * What a person has asked for in vain, once all jobs are known.
   * @param names of the jobs, as they are now
   */
  complaint(names: string[]): VoltError | undefined {
    if (!this.#found) return this.#noJob(names);
    for (const [key, value] of Object.entries(this.#options.matrix)) {
      const values = this.#values.get(key);
      if (values?.has(value)) continue;
      return new VoltError('not_found', `no job has a combination with ${key}=${value}`, {
        remedy: values
          ? `Of ${key} there are ${[...values].join(', ')}.`
          : `Its keys are ${[...this.#values.keys()].join(', ') || 'none: no job that runs has a matrix'}.`,
      });
    }
    return undefined;
  }

  #fitsMatrix({ cell }: Node): boolean {
    if (!cell) return true;
    for (const [key, value] of Object.entries(cell.matrix)) {
      const known = this.#values.get(key) ?? new Set();
      this.#values.set(key, known.add(toText(value)));
    }
    return Object.entries(this.#options.matrix).every(
      ([key, value]) => !(key in cell.matrix) || toText(cell.matrix[key] ?? null) === value,
    );
  }

  #fitsName(node: Node, name: string): boolean {
    const wanted = this.#options.job;
    const top = node.path.replace(/[#/].*$/, '');
    if (wanted === undefined || !this.#mayBecome.has(`${node.file} ${top}`)) return true;
    if (same(name, wanted)) {
      this.#found = true;
      return true;
    }
    // what is wanted is inside of it, or it is inside of what is wanted
    if (within(wanted, name) || within(name, wanted)) return true;
    const call = node.calls?.at(-1);
    const called = this.#options.workflows.find(({ path }) => path === call?.file);
    if (!call || !called || !within(wanted, call.name)) return false;
    const rest = wanted.slice(call.name.length + inside.length);
    const { jobs } = called;
    const exact = named(jobs, rest);
    return withNeeds(jobs, exact.length > 0 ? exact : jobs.filter((job) => mayBecome(job, rest))).has(keyOf(node.path));
  }

  #noJob(names: readonly string[]): VoltError {
    const first = this.#options.running.flatMap(firstPlaces).map(({ name }) => name);
    return new VoltError('not_found', `there is no job "${this.#options.job}"`, {
      remedy: `There are ${[...new Set([...first, ...names])].join(', ')}.`,
    });
  }
}

/** Stands between the name of a call and those of its jobs. */
const inside = ' / ';

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function within(inner: string, outer: string): boolean {
  return inner.toLowerCase().startsWith(`${outer}${inside}`.toLowerCase());
}

function namesOf({ id, name }: WorkflowJob): string[] {
  return typeof name === 'string' ? [id, name] : [id];
}

function named(jobs: readonly WorkflowJob[], wanted: string): WorkflowJob[] {
  return jobs.filter((job) => namesOf(job).some((name) => same(name, wanted)));
}

/** Whether a job may have that name once its matrix, its call and its expressions are known. */
function mayBecome(job: WorkflowJob, wanted: string): boolean {
  if (typeof job.name === 'object') return true;
  return namesOf(job).some(
    (name) => wanted.toLowerCase().startsWith(`${name} (`.toLowerCase()) || within(wanted, name),
  );
}

/** Ids of jobs and of those that they need, directly or not. */
function withNeeds(jobs: readonly WorkflowJob[], some: readonly WorkflowJob[]): Set<string> {
  const ids = new Set(some.map(({ id }) => id));
  // a set that is walked shows what is added meanwhile
  for (const id of ids) for (const need of jobs.find((job) => job.id === id)?.needs ?? []) ids.add(need);
  return ids;
}
