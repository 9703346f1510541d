import type { Build } from '../kernel/model.ts';
import { listRunners, type RunnerMember } from '../redis/membership.ts';
import type { Web } from './context.ts';
import { askRedis } from './status.ts';
import { whyItWaits } from './waiting.ts';

/** The runners that are alive, where a job of the build waits for one; undefined too where Redis does not answer. */
export async function runnersIfAsked({ jobs }: Build, web: Web): Promise<RunnerMember[] | undefined> {
  if (!jobs.some(({ status }) => status === 'queued')) return undefined;
  return (await askRedis(web, () => listRunners(web.access)))?.alive;
}

/** A build whose queued jobs say why they wait, as the runners are now: the record does not know. */
export async function tellWhyItWaits(web: Web, build: Build): Promise<Build> {
  const runners = await runnersIfAsked(build, web);
  if (!runners) return build;
  const jobs = build.jobs.map((job) => {
    const { status, labels, needs } = job;
    return status === 'queued' ? { ...job, message: whyItWaits({ status, labels, needs }, runners) } : job;
  });
  return { ...build, jobs };
}
