import type { Node } from '../../workflow/node.ts';
import { keyOf } from '../../workflow/node.ts';
import type { Workflow, WorkflowJob } from '../../workflow/workflow.ts';

/**
 * One job that a person has named: by its id, its name, or a name that it gets later, such as `test (22)` or `call /
 * inner`.
 */
export class NamedJob {
  readonly name: string;
  readonly #workflows: readonly Workflow[];
  /** jobs all of which run, by file and path */
  readonly #whole = new Set<string>();
  /** jobs that may get the wanted name later, by file and path */
  readonly #mayBecome = new Set<string>();
  /** whether some job has exactly that name */
  readonly #exact: boolean;
  #found = false;

  /**
   * @param workflows all of the checkout
   * @param running the workflows that run
   */
  constructor(name: string, workflows: readonly Workflow[], running: readonly Workflow[]) {
    this.name = name;
    this.#workflows = workflows;
    this.#exact = running.some(({ jobs }) => named(jobs, name).length > 0);
  }

  /** Whether a job with that name was found. */
  get isFound(): boolean {
    return this.#found;
  }

  /** Ids of the workflow's jobs that may be meant, without those that they need. */
  idsOf({ path, jobs }: Workflow): Set<string> {
    const found = this.#exact ? named(jobs, this.name) : jobs.filter((job) => mayBecome(job, this.name));
    const kept = this.#exact ? this.#whole : this.#mayBecome;
    for (const { id } of found) kept.add(`${path} ${id}`);
    for (const id of withNeeds(jobs, found)) this.#whole.add(`${path} ${id}`);
    if (this.#exact && found.length > 0) this.#found = true;
    return new Set(found.map(({ id }) => id));
  }

  /** Whether a job with its present name is wanted. */
  includes(node: Node, name: string): boolean {
    const top = `${node.file} ${node.path.replace(/[#/].*$/, '')}`;
    if (!this.#mayBecome.has(top)) return this.#whole.has(top);
    if (same(name, this.name)) {
      this.#found = true;
      return true;
    }
    // the wanted job is inside it, or it is inside the wanted job
    if (within(this.name, name) || within(name, this.name)) return true;
    const call = node.calls?.at(-1);
    const called = this.#workflows.find(({ path }) => path === call?.file);
    if (!call || !called || !within(this.name, call.name)) return false;
    const rest = this.name.slice(call.name.length + inside.length);
    const { jobs } = called;
    const exact = named(jobs, rest);
    return withNeeds(jobs, exact.length > 0 ? exact : jobs.filter((job) => mayBecome(job, rest))).has(keyOf(node.path));
  }
}

/** Ids of jobs and of those that they need, directly or not. */
export function withNeeds(jobs: readonly WorkflowJob[], some: readonly Pick<WorkflowJob, 'id'>[]): Set<string> {
  const ids = new Set(some.map(({ id }) => id));
  // iterating a set includes entries that are added during the loop
  for (const id of ids) for (const need of jobs.find((job) => job.id === id)?.needs ?? []) ids.add(need);
  return ids;
}

/** Separates the name of a call from those of its jobs. */
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

/** Whether a job may get that name once its matrix, its call and its expressions are known. */
function mayBecome(job: WorkflowJob, wanted: string): boolean {
  if (typeof job.name === 'object') return true;
  return namesOf(job).some(
    (name) => wanted.toLowerCase().startsWith(`${name} (`.toLowerCase()) || within(wanted, name),
  );
}
