import { isBehindOthers, type LaterPlan } from '../kernel/later-plans.ts';
import { serverNow } from '../kernel/server-time.ts';
import { jobQueue } from '../queues/names.ts';
import { parseQueueLabels, queueLabels, servesQueue } from '../queues/queue-labels.ts';
import type { TriedRunners } from '../record/automatic-retries.ts';
import { isOutOfService, listRunners, unfitReason } from '../redis/membership.ts';
import type { DispatcherContext } from './context.ts';
import { olderRunners } from './older-runners.ts';
import { findReservedRepositories } from './reserved-repositories.ts';

/** A job avoids the runners that could not start it for this long (ms) after it was due; then any runner may take it. */
const avoidance = 60_000;

/** Most queues that avoid some runner: if a server is away, every runner fails, and none should be avoided. */
const mostAvoiding = 64;

/** What decides to which queue a job belongs. */
interface RoutedJob {
  labels: readonly string[];
  repo: string;
  /** further labels that its repository's jobs need */
  runners: readonly string[];
  dueAt: number | null;
  tried: TriedRunners;
  /** kind of its plan, if not every runner takes that */
  laterPlan: LaterPlan | undefined;
}

/**
 * The queue of each job: the queue of its labels, or of its repository if runners are reserved for that. A job that is tried
 * again avoids the runners that could not start it, for a bounded time, if another runner takes jobs. Jobs that strangers may cause have
 * queues of their own, and so have jobs that older runners do not understand while such runners are there. If the queue of a
 * waiting job changes, queued-messages.ts sends it to the other queue.
 * @returns the labels of each job's queue
 */
export async function chooseQueues(
  context: Pick<DispatcherContext, 'access' | 'queues' | 'database'>,
  jobs: readonly RoutedJob[],
): Promise<string[][]> {
  const isReserved = await findReservedRepositories(context);
  const older = jobs.some(({ laterPlan }) => laterPlan) ? await olderRunners(context) : undefined;
  const isApart = (kind: LaterPlan | undefined) => kind && (isBehindOthers(kind) || older?.has(kind));
  const avoiding = jobs.some(isAvoiding) ? await avoidingQueues(context) : undefined;
  return jobs.map((job) => {
    const reservedFor = isReserved(job.repo) ? job.repo : undefined;
    const kind = isApart(job.laterPlan) ? job.laterPlan : undefined;
    const queueFor = (avoided: TriedRunners) => queueLabels(job.labels, job.runners, reservedFor, avoided, kind);
    return (avoiding && isAvoiding(job) && avoiding(queueFor, job.tried)) || queueFor([]);
  });
}

function isAvoiding({ tried, dueAt }: RoutedJob): boolean {
  return tried.length > 0 && serverNow() - (dueAt ?? 0) < avoidance;
}

/**
 * Looks up the queues that avoid some runner, and the runners that take jobs.
 * @returns finds the queue of a job that avoids all runners that tried it, else the last of them; undefined if no runner
 * serves either
 */
async function avoidingQueues({ access, queues }: Pick<DispatcherContext, 'access' | 'queues'>) {
  const able = (await listRunners(access)).alive.filter(
    (runner) => !isOutOfService(runner) && unfitReason(runner) === undefined,
  );
  const avoiding = new Set((await queues.labelSets()).filter((set) => parseQueueLabels(set).avoids).map(jobQueue));
  /** Whether the queue is in use or may be added; it is added then. */
  const mayUse = (name: string) => {
    if (avoiding.size < mostAvoiding) avoiding.add(name);
    return avoiding.has(name);
  };
  return (queueFor: (avoided: TriedRunners) => string[], tried: TriedRunners): string[] | undefined =>
    [tried, tried.slice(-1)]
      .map(queueFor)
      .find((queue) => able.some((runner) => servesQueue(runner, queue)) && mayUse(jobQueue(queue)));
}
