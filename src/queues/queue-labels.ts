import { type LaterPlan, laterPlans } from '../kernel/later-plans.ts';
import { fitsGlobs, labelPattern, shortHash } from '../kernel/names.ts';

/**
 * Which runners may take which jobs, encoded in the labels of queues. A repository that runners are reserved for has queues of
 * its own, with the label `repo:` and its name. Those runners serve only these queues; runners that are reserved for no repository
 * serve the other queues only. A job that Volt retries waits in a queue with the label `not:` and the name of each runner
 * that it avoids; these runners do not serve it. Jobs of pull requests wait in queues with the label
 * `plan:pull-request`, which only runners that isolate them serve, and others that strangers may cause in queues with `plan:event`. While runners of an older version are there, jobs that those
 * do not understand wait in queues with the label `plan:` and the kind of their plan, which only later runners serve. Jobs cannot
 * ask for any of these labels.
 */

const prefix = 'repo:';
const avoidance = 'not:';
const planLabel = (kind: LaterPlan) => `plan:${kind}`;

/** Whether a runner takes jobs with plans of that kind. */
export function takes({ plans = [] }: Pick<QueueServer, 'plans'>, kind: LaterPlan): boolean {
  return plans.includes(kind);
}

/** A runner, as far as it decides which queues it serves. */
export interface QueueServer {
  name: string;
  labels: readonly string[];
  /** lists of globs for repository names; a repository must match each list, and an empty list matches all */
  repos: readonly (readonly string[])[];
  /** kinds of plans that it takes beside those that all runners do; an older one does not tell */
  plans?: readonly string[];
}

/** Whether a runner is reserved for some repositories. */
export function isReserved({ repos }: Pick<QueueServer, 'repos'>): boolean {
  return repos.some((globs) => globs.length > 0);
}

/** Whether a runner may take jobs of the repository. */
export function mayServeRepository({ repos }: Pick<QueueServer, 'repos'>, repo: string): boolean {
  return repos.every((globs) => fitsGlobs(globs, repo));
}

/**
 * The labels of the queue that a job is sent to.
 * @param asked labels that the job asks for; `repo:` and `not:` labels are left out
 * @param runners further labels that its repository's jobs need
 * @param reservedFor the repository, if runners are reserved for it
 * @param avoided names of runners that the job avoids
 * @param kind of its plan, if only runners that take it may have the job
 */
export function queueLabels(
  asked: readonly string[],
  runners: readonly string[] = [],
  reservedFor: string | undefined = undefined,
  avoided: readonly string[] = [],
  kind?: LaterPlan,
): string[] {
  const labels = [...asked, ...runners].filter((label) => !isOurs(label));
  const reserved = reservedFor === undefined ? [] : [`${prefix}${reservedFor}`];
  return [...new Set([...labels, ...reserved, ...avoided.map(avoiding), ...(kind ? [planLabel(kind)] : [])])].sort();
}

function isOurs(label: string): boolean {
  return (
    label.startsWith(prefix) || label.startsWith(avoidance) || laterPlans.some((kind) => label === planLabel(kind))
  );
}

/** The label of a queue that avoids a runner; hashed if the runner's name does not fit a label. */
function avoiding(runner: string): string {
  const label = `${avoidance}${runner}`;
  return labelPattern.test(label) ? label : `${avoidance}${shortHash(runner)}`;
}

/**
 * Splits the labels of a queue: labels that a runner needs, the repository of the queue, whether it avoids a runner, and whether
 * only runners that take a kind of plan serve it.
 */
export function parseQueueLabels(labels: readonly string[]): {
  labels: string[];
  repo: string | undefined;
  avoids: boolean;
  kind: LaterPlan | undefined;
} {
  const repo = labels.find((label) => label.startsWith(prefix))?.slice(prefix.length);
  const avoids = labels.some((label) => label.startsWith(avoidance));
  const kind = laterPlans.find((each) => labels.includes(planLabel(each)));
  return { labels: labels.filter((label) => !isOurs(label)), repo, avoids, kind };
}

/** Whether a runner serves the queue with these labels. */
export function servesQueue(server: QueueServer, queue: readonly string[]): boolean {
  const { labels, repo, avoids, kind } = parseQueueLabels(queue);
  if (kind && !takes(server, kind)) return false;
  if (avoids && queue.includes(avoiding(server.name))) return false;
  if (!labels.every((label) => server.labels.includes(label))) return false;
  return repo === undefined ? !isReserved(server) : mayServeRepository(server, repo);
}
