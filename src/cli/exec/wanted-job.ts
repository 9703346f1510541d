import type { Node } from '../../workflow/node.ts';
import { keyOf } from '../../workflow/node.ts';
import type { Workflow, WorkflowJob } from '../../workflow/workflow.ts';

/** One job that a person has named: by its id, its name, or the name of what it becomes, as `test (22)` or `call / inner`. */
export class WantedJob {
  readonly name: string;
  readonly #workflows: readonly Workflow[];
  /** jobs that run as a whole, by file and path */
  readonly #whole = new Set<string>();
  /** jobs that may become the one that is wanted, which only their later names tell; by file and path */
  readonly #mayBecome = new Set<string>();
  /** whether some job has that very name, so that none needs to become it */
  readonly #exact: boolean;
  #found = false;

  /**
   * @param workflows all of the checkout
   * @param running those that run
   */
  constructor(name: string, workflows: readonly Workflow[], running: readonly Workflow[]) {
    this.name = name;
    this.#workflows = workflows;
    this.#exact = running.some(({ jobs }) => named(jobs, name).length > 0);
  }

  /** Whether a job has turned up that has the name. */
  get isFound(): boolean {
    return this.#found;
  }

  /** Ids of the workflow's jobs that may be meant; those that they need are not among them. */
  idsOf({ path, jobs }: Workflow): Set<string> {
    const found = this.#exact ? named(jobs, this.name) : jobs.filter((job) => mayBecome(job, this.name));
    const kept = this.#exact ? this.#whole : this.#mayBecome;
    for (const { id } of found) kept.add(`${path} ${id}`);
    for (const id of withNeeds(jobs, found)) this.#whole.add(`${path} ${id}`);
    if (this.#exact && found.length > 0) this.#found = true;
    return new Set(found.map(({ id }) => id));
  }

  /** Whether a job is wanted under the name that it has now. */
  takes(node: Node, name: string): boolean {
    const top = `${node.file} ${node.path.replace(/[#/].*$/, '')}`;
    if (!this.#mayBecome.has(top)) return this.#whole.has(top);
    if (same(name, this.name)) {
      this.#found = true;
      return true;
    }
    // what is wanted is inside of it, or it is inside of what is wanted
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
  // a set that is walked shows what is added meanwhile
  for (const id of ids) for (const need of jobs.find((job) => job.id === id)?.needs ?? []) ids.add(need);
  return ids;
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
