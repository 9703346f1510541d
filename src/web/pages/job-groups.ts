import type { Job, Status } from '../../kernel/model.ts';

/** A job by itself, or the jobs of a matrix. */
export interface JobGroup {
  /** name of the job, without the values of a matrix */
  name: string;
  jobs: Job[];
}

/** The jobs of one workflow. */
export interface WorkflowJobs {
  /** null for jobs without a workflow */
  workflow: string | null;
  groups: JobGroup[];
}

/** Groups jobs by workflow and matrix, in their own order. A job of a matrix is named `NAME (VALUES)`. */
export function groupJobs(jobs: readonly Job[]): WorkflowJobs[] {
  const workflows = new Map<string | null, Map<string, Job[]>>();
  for (const job of jobs) {
    const groups = workflows.get(job.workflow) ?? new Map<string, Job[]>();
    workflows.set(job.workflow, groups);
    const name = withoutValues(job.name);
    groups.set(name, [...(groups.get(name) ?? []), job]);
  }
  return [...workflows].map(([workflow, groups]) => ({
    workflow,
    groups: [...groups].map(([name, jobs]) => ({ name: jobs.length === 1 ? (jobs[0]?.name ?? name) : name, jobs })),
  }));
}

/** The values of a job of a matrix, for example `22, linux`; its name if it has none. */
export function valuesOf(job: Pick<Job, 'name'>): string {
  return job.name.slice(withoutValues(job.name).length).replace(/^ \((.*)\)$/, '$1') || job.name;
}

/** The name of a job without the values of its matrix. */
export function withoutValues(name: string): string {
  return name.endsWith(')') ? name.replace(/ \(.*\)$/, '') : name;
}

/** The worst status of some jobs: what a person wants to know of a closed group. */
export function worstStatus(jobs: readonly Job[]): Status {
  const order: Status[] = ['failure', 'error', 'running', 'queued', 'waiting', 'cancelled', 'success', 'skipped'];
  return order.find((status) => jobs.some((job) => job.status === status)) ?? 'success';
}
