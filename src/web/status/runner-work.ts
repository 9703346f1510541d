import { type JobId, parseAttemptName } from '../../kernel/model.ts';
import { type NamedJob, namedJobs } from '../../record/runner-history.ts';
import { busyTime } from '../../record/runner-use.ts';
import type { Reader } from '../../record/visibility.ts';
import { longestQueued, type QueuedJob } from '../../record/waiting-jobs.ts';
import type { RunnerMember } from '../../redis/membership.ts';
import type { FleetRunner } from './fleet.ts';
import type { StatusSources } from './sources.ts';
import { mayTake, type Needed, whyItWaits } from './waiting.ts';

/** The jobs that have waited longest and are searched for those that a runner may take. */
const mostSearched = 500;

/** A job that a runner may take, and why no runner has it yet. */
export interface JobForRunner {
  job: QueuedJob;
  why: string;
}

/**
 * The queued jobs that a runner may take, among those that have waited longest.
 * @param alive all runners
 */
export async function jobsFor(
  { database }: Pick<StatusSources, 'database'>,
  reader: Reader,
  runner: FleetRunner,
  alive: FleetRunner[],
): Promise<JobForRunner[]> {
  const queued = await longestQueued(database, reader, mostSearched);
  return queued.flatMap((job) => {
    const { id, repo, required, laterPlan } = job;
    const needed: Needed = { repo, runners: required, ...(laterPlan && { later: new Map([[id, laterPlan]]) }) };
    return mayTake({ ...runner, repos: runner.served }, job, needed)
      ? [{ job, why: whyItWaits(job, alive, needed) }]
      : [];
  });
}

/** The jobs that runners run, and how many of them the reader may not see, by the id of the runner. */
export async function jobsNow(
  { database }: Pick<StatusSources, 'database'>,
  reader: Reader,
  runners: readonly RunnerMember[],
): Promise<Map<string, { jobs: NamedJob[]; hidden: number }>> {
  const idsOf = ({ running }: RunnerMember): JobId[] => running.flatMap((name) => parseAttemptName(name)?.job ?? []);
  const named = await namedJobs(database, reader, runners.flatMap(idsOf));
  const byId = new Map(named.map((job) => [job.job, job]));
  return new Map(
    runners.map((runner) => {
      const jobs = idsOf(runner).flatMap((id) => byId.get(id) ?? []);
      return [runner.id, { jobs, hidden: runner.running.length - jobs.length }];
    }),
  );
}

/** The share of the slots' time that a runner has run jobs, by the name of the runner. @param length of the time up to now, ms */
export async function sharesBusy(
  { database }: Pick<StatusSources, 'database'>,
  runners: readonly Pick<RunnerMember, 'name' | 'slots'>[],
  length: number,
  now: number,
): Promise<Map<string, number>> {
  const names = [...new Set(runners.map(({ name }) => name))];
  const busy = await busyTime(database, names, { from: now - length, to: now });
  return new Map(
    names.map((name) => {
      const slots = runners.reduce((sum, runner) => sum + (runner.name === name ? runner.slots : 0), 0);
      return [name, Math.min(1, (busy.get(name) ?? 0) / (slots * length))];
    }),
  );
}
