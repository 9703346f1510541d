import { isFinal, type Status } from '../kernel/model.ts';

/** The state of a job, for finding jobs that are ready. */
export interface JobState<Id> {
  id: Id;
  name: string;
  status: Status;
  /** names of other jobs of the plan */
  needs: readonly string[];
}

export interface Readiness<Id> {
  /** waiting jobs whose needs have all succeeded */
  ready: Id[];
  /** waiting jobs that will never run, with the names of the needs that did not succeed */
  barred: { id: Id; because: string[] }[];
}

/** Which waiting jobs of a build can run now, and which never will. */
export function readiness<Id>(jobs: readonly JobState<Id>[]): Readiness<Id> {
  const byName = new Map(jobs.map((job) => [job.name, job]));
  const result: Readiness<Id> = { ready: [], barred: [] };
  for (const job of jobs) {
    if (job.status !== 'waiting') continue;
    const needs = job.needs.map((name) => byName.get(name));
    if (!needs.every((need) => need !== undefined && isFinal(need.status))) continue;
    const because = needs.flatMap((need) => (need && need.status !== 'success' ? [need.name] : []));
    if (because.length === 0) result.ready.push(job.id);
    else result.barred.push({ id: job.id, because });
  }
  return result;
}
