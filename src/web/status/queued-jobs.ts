import type { Build } from '../../kernel/model.ts';
import { listRunners, type RunnerMember } from '../../redis/membership.ts';
import { runnersWantedBy } from '../access/readable.ts';
import type { StatusSources } from './sources.ts';
import { askRedis } from './system-status.ts';
import { type Needed, whyItWaits } from './waiting.ts';

/** The runners that are alive, where a job of the build waits for one; undefined too where Redis does not answer. */
export async function runnersIfAsked({ jobs }: Build, web: StatusSources): Promise<RunnerMember[] | undefined> {
  if (!jobs.some(({ status }) => status === 'queued')) return undefined;
  return (await askRedis(web, () => listRunners(web.access)))?.alive;
}

/** What the repository of a build says about the runners of its jobs. */
export async function neededFor(build: Pick<Build, 'repo'>, { database }: StatusSources): Promise<Needed> {
  return { repo: build.repo, runners: await runnersWantedBy(database, build) };
}

/** A build whose queued jobs say why they wait, as the runners are now: the record does not know. */
export async function tellWhyItWaits(web: StatusSources, build: Build): Promise<Build> {
  const runners = await runnersIfAsked(build, web);
  if (!runners) return build;
  const needed = await neededFor(build, web);
  const jobs = build.jobs.map((job) => {
    const { status } = job;
    return status === 'queued' ? { ...job, message: whyItWaits({ ...job, status }, runners, needed) } : job;
  });
  return { ...build, jobs };
}
