import { VoltError } from '../../kernel/errors.ts';
import { earlyMatrices } from '../../workflow/early-matrix.ts';
import type { BuildFacts } from '../../workflow/event.ts';
import { initialNodes } from '../../workflow/job-name.ts';
import type { Node } from '../../workflow/node.ts';
import type { PlannedStep } from '../../workflow/plan.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import { MatrixChoice } from './matrix-choice.ts';
import { NamedJob, withNeeds } from './named-job.ts';
import { jobsWithSteps, onlySteps } from './step-selection.ts';

export interface JobSelectionOptions {
  facts: BuildFacts;
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
  readonly #matrix: MatrixChoice;

  /** @throws VoltError `not_found` if no workflow can have the job, the step or the value of the matrix */
  constructor(options: JobSelectionOptions) {
    const { jobs, steps, workflows, running } = options;
    this.#options = options;
    this.#matrix = new MatrixChoice(options.matrix);
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
    if (node.cell && !this.#matrix.fits(node.cell.matrix)) return false;
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
    return this.#matrix.notFoundError();
  }

  /** Refuses an unknown value of a matrix before any job runs, as far as it can be known then. */
  #checkMatrix(): void {
    if (this.#matrix.isEmpty) return;
    const { facts, workflows, running } = this.#options;
    const graph = { facts, workflows: new Map(workflows.map((each) => [each.path, each])), states: [] };
    this.#matrix.check(
      running.flatMap((workflow) => {
        const ids = this.idsOf(workflow);
        const jobs = workflow.jobs.filter(({ id }) => ids?.has(id) ?? true);
        return earlyMatrices(graph, workflow, jobs);
      }),
    );
  }

  #noJob(wanted: string, names: readonly string[]): VoltError {
    const first = this.#options.running.flatMap(initialNodes).map(({ name }) => name);
    return new VoltError('not_found', `job "${wanted}" does not exist`, {
      remedy: `The jobs are ${[...new Set([...first, ...names])].join(', ')}.`,
    });
  }
}
