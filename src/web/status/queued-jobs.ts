import type { Build } from '../../kernel/model.ts';
import { queuedLaterPlans } from '../../record/waiting-jobs.ts';
import { listRunners, type RunnerMember } from '../../redis/membership.ts';
import { requiredLabels } from '../access/readable.ts';
import { askRedis } from './ask-redis.ts';
import type { StatusSources } from './sources.ts';
import { type Needed, whyItWaits } from './waiting.ts';

/** The alive runners if a job of the build is queued; undefined if none is, or if Redis does not answer. */
export async function runnersIfQueued({ jobs }: Build, web: StatusSources): Promise<RunnerMember[] | undefined> {
  if (!jobs.some(({ status }) => status === 'queued')) return undefined;
  return (await askRedis(web, () => listRunners(web.access)))?.alive;
}

/** What the repository of a build requires of runners. */
export async function requirementsOf(build: Pick<Build, 'id' | 'repo'>, { database }: StatusSources): Promise<Needed> {
  const later = await queuedLaterPlans(database, build.id);
  return { repo: build.repo, runners: await requiredLabels(database, build), later };
}

/** The build with messages at its queued jobs that say why each waits. The database does not know the runners. */
export async function withWaitReasons(web: StatusSources, build: Build): Promise<Build> {
  const runners = await runnersIfQueued(build, web);
  if (!runners) return build;
  const needed = await requirementsOf(build, web);
  const jobs = build.jobs.map((job) => {
    const { status } = job;
    return status === 'queued' ? { ...job, message: whyItWaits({ ...job, status }, runners, needed) } : job;
  });
  return { ...build, jobs };
}
