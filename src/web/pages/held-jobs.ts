import type { Build, Job } from '../../kernel/model.ts';
import type { RunnerMember } from '../../redis/membership.ts';
import { type Needed, whyItWaits } from '../status/waiting.ts';

/**
 * What keeps a build of several jobs from going on, as a sentence, where none of them runs: the queued jobs, and why they wait.
 * @param runners undefined if unknown
 */
export function whatHolds({ jobs }: Pick<Build, 'jobs'>, runners: RunnerMember[] | undefined, needed: Needed) {
  if (jobs.length < 2 || runners === undefined || jobs.some(({ status }) => status === 'running')) return undefined;
  const held = jobs.flatMap((job) =>
    isQueued(job) ? [{ name: job.name, why: whyItWaits(job, runners, needed) }] : [],
  );
  const [first] = held;
  if (!first) return undefined;
  const more = held.filter(({ why }) => why === first.why).length - 1;
  return `${first.name}${more > 0 ? ` and ${more} more wait` : ' waits'}: ${first.why}.`;
}

function isQueued(job: Job): job is Job & { status: 'queued' } {
  return job.status === 'queued';
}
