import type { LaterPlan } from '../../kernel/later-plans.ts';
import type { Job } from '../../kernel/model.ts';
import { mayServeRepository, queueLabels, takes } from '../../queues/queue-labels.ts';
import type { WaitingJob } from '../../record/waiting-jobs.ts';
import { isOutOfService, type RunnerMember, unfitReason } from '../../redis/membership.ts';

/** What a repository requires of runners. */
export interface Needed {
  repo: string;
  /** labels that runners need besides those that the jobs ask for */
  runners: readonly string[];
  /** kinds of plans of its jobs that not every runner takes, by id */
  later?: ReadonlyMap<string, LaterPlan>;
}

/** What older runners cannot do, as the end of a sentence. */
const lacking: Readonly<Record<Exclude<LaterPlan, 'pull-request'>, string>> = {
  project: 'cannot run the tests that Volt has found',
  container: 'cannot run jobs in containers',
  services: 'cannot run services and docker actions',
  image: 'cannot run tests in an image',
  event: 'cannot let other jobs go before those of events',
};

/**
 * Why none of the runners takes a kind of plan, and what a person does about that, as parts of a sentence.
 * @param whose ` with` and the labels that all of them have, or nothing
 */
export function noneTakes(kind: LaterPlan, whose: string): { why: string; remedy: string } {
  if (kind === 'pull-request') {
    const why = `no runner${whose} isolates jobs, as those of pull requests have to be`;
    return { why, remedy: 'set VOLT_ISOLATION=sandbox for one' };
  }
  return { why: `all runners${whose} are of an older version of Volt, which ${lacking[kind]}`, remedy: 'update one' };
}

/**
 * Why a job has not started, as a sentence without a full stop.
 * @param runners undefined if unknown, for example while Redis does not answer
 */
export function whyItWaits(
  job: Pick<WaitingJob, 'status' | 'labels' | 'needs'> & Partial<Pick<Job, 'id' | 'message' | 'triesAgainAt'>>,
  runners: RunnerMember[] | undefined,
  needed?: Needed,
  now = Date.now(),
): string {
  if (job.status === 'waiting') return job.message ?? waitingFor(job.needs);
  if (job.message && Date.parse(job.triesAgainAt ?? '') > now) return job.message;
  if (runners === undefined) return 'unknown: Redis does not answer';
  if (runners.length === 0) return 'no runner is connected';
  const serving = runners.filter(({ stopping }) => stopping !== true);
  if (serving.length === 0) return 'all runners are stopping and take no more jobs';
  const wanted = queueLabels(job.labels, needed?.runners);
  const matching = serving.filter(({ labels }) => wanted.every((label) => labels.includes(label)));
  const whose = wanted.length === 0 ? '' : ` with ${wanted.join(', ')}`;
  if (matching.length === 0) return `no runner has ${labelsText(wanted)}`;
  const kind = job.id === undefined ? undefined : needed?.later?.get(job.id);
  const later = kind ? matching.filter((runner) => takes(runner, kind)) : matching;
  if (kind && later.length === 0) {
    const { why, remedy } = noneTakes(kind, whose);
    return `${why}; ${remedy}`;
  }
  const able = needed ? later.filter((runner) => mayServeRepository(runner, needed.repo)) : later;
  if (able.length === 0) return `all runners${whose} only accept jobs of other repositories`;
  const inService = able.filter((runner) => !isOutOfService(runner));
  if (inService.length === 0) return allDrained(able);
  const fit = inService.filter((runner) => unfitReason(runner) === undefined);
  const [first] = inService;
  if (fit.length === 0 && first) return `all matching runners have problems; ${first.name} ${unfitReason(first)}`;
  const roomy = fit.filter(({ vitals }) => vitals?.diskLow !== true);
  if (roomy.length === 0) return 'the disks of all matching runners are full';
  const free = roomy.filter(({ slots, running }) => running.length < slots);
  if (free.length > 0) return 'a runner is about to take it';
  const slots = roomy.reduce((sum, runner) => sum + runner.slots, 0);
  return slots === 1 ? `the only slot${whose} is busy` : `all ${slots} slots${whose} are busy`;
}

/** Whether a runner takes a job as soon as it has room for it. */
export function mayTake(
  runner: RunnerMember,
  { id, labels }: Pick<WaitingJob, 'id' | 'labels'>,
  needed: Needed,
): boolean {
  const kind = needed.later?.get(id);
  return (
    queueLabels(labels, needed.runners).every((label) => runner.labels.includes(label)) &&
    (kind === undefined || takes(runner, kind)) &&
    mayServeRepository(runner, needed.repo)
  );
}

/** Says that a person has drained all runners that may take a job, and how to resume one. */
function allDrained(runners: readonly Pick<RunnerMember, 'name'>[]): string {
  const [first] = runners;
  const which = runners.length === 1 ? first?.name : 'NAME';
  return `all matching runners are drained: volt runners resume ${which}`;
}

/** `the label "gpu"`, `the labels "gpu" and "host:vm"` */
export function labelsText(labels: readonly string[]): string {
  const quoted = labels.map((label) => `"${label}"`);
  if (quoted.length === 1) return `the label ${quoted[0]}`;
  return `the labels ${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
}

/** The most names that are listed; the others are only counted. */
const mostNamed = 3;

/** Names the jobs that a job waits for; there may be hundreds. */
export function waitingFor(needs: readonly string[]): string {
  if (needs.length === 0) return 'waiting to start';
  const more = needs.length - mostNamed;
  return `waiting for ${needs.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
