import { VoltError } from '../../kernel/errors.ts';
import { evaluateValue, isLiteral } from '../../workflow/evaluate-value.ts';
import { toText } from '../../workflow/expression.ts';
import { initialNodes } from '../../workflow/job-name.ts';
import { expandMatrix } from '../../workflow/matrix.ts';
import type { Node } from '../../workflow/node.ts';
import type { PlannedStep } from '../../workflow/plan.ts';
import type { Json } from '../../workflow/template.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import { NamedJob, withNeeds } from './named-job.ts';
import { jobsWithSteps, onlySteps } from './step-selection.ts';

export interface JobSelectionOptions {
  /** all workflows of the checkout */
  workflows: readonly Workflow[];
  /** the workflows that run */
  running: readonly Workflow[];
  /** the wanted jobs, see NamedJob; all if there are none */
  jobs: readonly string[];
  /** the wanted steps in them; all if there are none */
  steps: readonly string[];
  /** values that a matrix combination must have */
  matrix: { readonly [name: string]: string };
}

/** The jobs that a person wants to run, with those that they need. */
export class JobSelection {
  readonly #options: JobSelectionOptions;
  /** undefined if all are wanted */
  readonly #jobs: NamedJob[] | undefined;
  /** jobs that are wanted themselves, not only needed by others; by file and id */
  readonly #asked = new Set<string>();
  /** values of all combinations, by key */
  readonly #values = new Map<string, Set<string>>();

  /** @throws VoltError `not_found` if no workflow can have the job, the step or the value of the matrix */
  constructor(options: JobSelectionOptions) {
    const { jobs, steps, workflows, running } = options;
    this.#options = options;
    const names = jobs.length === 0 && steps.length > 0 ? jobsWithSteps(running, steps) : jobs;
    this.#jobs = names.length === 0 ? undefined : names.map((name) => new NamedJob(name, workflows, running));
    for (const job of this.#jobs ?? [])
      if (running.every((workflow) => job.idsOf(workflow).size === 0)) throw this.#noJob(job.name, []);
    this.#checkMatrix();
  }

  /** Ids of the workflow's wanted jobs, and of those that they need; undefined for all. */
  idsOf(workflow: Workflow): Set<string> | undefined {
    if (!this.#jobs) return undefined;
    const ids = new Set(this.#jobs.flatMap((job) => [...job.idsOf(workflow)]));
    for (const id of ids) this.#asked.add(`${workflow.path} ${id}`);
    return withNeeds(
      workflow.jobs,
      [...ids].map((id) => ({ id })),
    );
  }

  /** Whether a job with its present name is wanted. */
  includes(node: Node, name: string): boolean {
    if (!this.#fitsMatrix(node)) return false;
    // all are asked, since each notes whether it was found
    const including = this.#jobs?.filter((job) => job.includes(node, name));
    return including === undefined || including.length > 0;
  }

  /**
   * The steps of a job; those that are not wanted never run.
   * @throws VoltError `not_found` if the job does not have a wanted step
   */
  stepsOf(node: Node, steps: readonly PlannedStep[]): PlannedStep[] {
    const wanted = this.#options.steps;
    const top = `${node.file} ${node.path.replace(/[#/].*$/, '')}`;
    if (wanted.length === 0 || !this.#asked.has(top)) return [...steps];
    return onlySteps(steps, wanted);
  }

  /**
   * The error for a job or value that does not exist, once all jobs are known.
   * @param names of the jobs, as they are now
   */
  notFoundError(names: string[]): VoltError | undefined {
    const missing = this.#jobs?.find((job) => !job.isFound);
    if (missing) return this.#noJob(missing.name, names);
    return this.#noValue();
  }

  /** Refuses an unknown value before any job runs, unless a matrix is known only later: by an expression, or in a call. */
  #checkMatrix(): void {
    const { matrix, running } = this.#options;
    if (Object.keys(matrix).length === 0) return;
    const jobs = running.flatMap((workflow) => {
      const ids = this.idsOf(workflow);
      return workflow.jobs.filter(({ id }) => ids?.has(id) ?? true);
    });
    for (const { kind, strategy } of jobs) {
      if (kind === 'call' || strategy?.whole !== undefined) return;
      if (strategy?.matrix === undefined) continue;
      if (!isLiteral(strategy.matrix)) return;
      for (const cell of expandMatrix(evaluateValue(strategy.matrix, { contexts: {} }))) this.#note(cell.matrix);
    }
    const error = this.#noValue();
    if (error) throw error;
  }

  /** The error for a value that no known matrix has. */
  #noValue(): VoltError | undefined {
    for (const [key, value] of Object.entries(this.#options.matrix)) {
      const values = this.#values.get(key);
      if (values?.has(value)) continue;
      return new VoltError('not_found', `no job has ${key}=${value} in its matrix`, {
        remedy: values
          ? `The values of ${key} are ${[...values].join(', ')}.`
          : this.#values.size > 0
            ? `The keys of the matrix are ${[...this.#values.keys()].join(', ')}.`
            : 'No job that runs has a matrix.',
      });
    }
    return undefined;
  }

  #fitsMatrix({ cell }: Node): boolean {
    if (!cell) return true;
    this.#note(cell.matrix);
    return Object.entries(this.#options.matrix).every(
      ([key, value]) => !(key in cell.matrix) || toText(cell.matrix[key] ?? null) === value,
    );
  }

  #note(matrix: { readonly [key: string]: Json }): void {
    for (const [key, value] of Object.entries(matrix)) {
      const known = this.#values.get(key) ?? new Set();
      this.#values.set(key, known.add(toText(value)));
    }
  }

  #noJob(wanted: string, names: readonly string[]): VoltError {
    const first = this.#options.running.flatMap(initialNodes).map(({ name }) => name);
    return new VoltError('not_found', `job "${wanted}" does not exist`, {
      remedy: `The jobs are ${[...new Set([...first, ...names])].join(', ')}.`,
    });
  }
}
