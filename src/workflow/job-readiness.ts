import { isFinal, type Status } from '../kernel/model.ts';

/** The state of a job, for finding jobs that are ready. */
export interface JobState<Id> {
  id: Id;
  name: string;
  status: Status;
  /** names of other jobs of the plan */
  needs: readonly string[];
}

export interface JobReadiness<Id> {
  /** waiting jobs whose needs have all succeeded */
  ready: Id[];
  /** waiting jobs that will never run, with the names of the needs that did not succeed */
  blocked: { id: Id; failedNeeds: string[] }[];
}

/** Which waiting jobs of a build can run now, and which never will. */
export function jobReadiness<Id>(jobs: readonly JobState<Id>[]): JobReadiness<Id> {
  const byName = new Map(jobs.map((job) => [job.name, job]));
  const result: JobReadiness<Id> = { ready: [], blocked: [] };
  for (const job of jobs) {
    if (job.status !== 'waiting') continue;
    const needs = job.needs.map((name) => byName.get(name));
    if (!needs.every((need) => need !== undefined && isFinal(need.status))) continue;
    const failedNeeds = needs.flatMap((need) => (need && need.status !== 'success' ? [need.name] : []));
    if (failedNeeds.length === 0) result.ready.push(job.id);
    else result.blocked.push({ id: job.id, failedNeeds });
  }
  return result;
}
