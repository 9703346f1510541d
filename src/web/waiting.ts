import type { WaitingJob } from '../record/waiting-jobs.ts';
import { type RunnerMember, whyUnfit } from '../redis/membership.ts';

/**
 * Why a job has not begun, as a sentence without a full stop.
 * @param runners undefined where nobody knows, as while Redis does not answer
 */
export function whyItWaits(
  job: Pick<WaitingJob, 'status' | 'labels' | 'needs'> & Partial<Pick<WaitingJob, 'message'>>,
  runners: RunnerMember[] | undefined,
): string {
  if (job.status === 'waiting') return job.message ?? waitingFor(job.needs);
  if (runners === undefined) return 'not known: Redis does not answer';
  if (runners.length === 0) return 'no runner is alive';
  const serving = runners.filter(({ draining }) => draining !== true);
  if (serving.length === 0) return 'every runner is being stopped and takes no more jobs';
  const able = serving.filter(({ labels }) => job.labels.every((label) => labels.includes(label)));
  const asked = job.labels.join(', ');
  if (able.length === 0) return `no runner has ${job.labels.length === 1 ? 'the label' : 'all of the labels'} ${asked}`;
  const fit = able.filter((runner) => whyUnfit(runner) === undefined);
  const [first] = able;
  if (fit.length === 0 && first) return `no runner that could take it is fit to; ${first.name} ${whyUnfit(first)}`;
  const roomy = fit.filter(({ vitals }) => vitals?.diskLow !== true);
  if (roomy.length === 0) return 'the disks of the runners that could take it are full';
  const free = roomy.filter(({ slots, running }) => running.length < slots);
  if (free.length > 0) return 'a runner is about to take it';
  const slots = roomy.reduce((sum, runner) => sum + runner.slots, 0);
  const whose = asked === '' ? '' : ` with ${asked}`;
  return slots === 1 ? `the only slot${whose} is busy` : `all ${slots} slots${whose} are busy`;
}

/** More names than that are counted. */
const mostNamed = 3;

/** Which jobs one waits for, in words; a job may need hundreds. */
export function waitingFor(needs: readonly string[]): string {
  if (needs.length === 0) return 'waits for its turn';
  const more = needs.length - mostNamed;
  return `waits for ${needs.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
