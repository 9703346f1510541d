import { fitsGlobs, labelPattern, shortHash } from '../kernel/names.ts';

/**
 * Which runners may have which jobs, as names of queues tell it. A repository that runners are kept for
 * has queues of its own, whose labels hold `repo:` and its name: those runners serve no others. Runners that are kept for
 * nobody serve both. A job that is tried again waits in a queue whose labels hold `not:` and the name of each runner that it is
 * to be kept from: those do not serve it. What a job asks for says nothing about either.
 */

const prefix = 'repo:';
const avoidance = 'not:';

/** Who serves queues. */
export interface Server {
  /** of the runner */
  name: string;
  labels: readonly string[];
  /** lists of patterns of names of repositories; one that it may serve fits each of them, and any fits an empty one */
  repos: readonly (readonly string[])[];
}

/** Whether a runner is kept for some repositories. */
export function isKept({ repos }: Pick<Server, 'repos'>): boolean {
  return repos.some((globs) => globs.length > 0);
}

/** Whether a runner may have jobs of that repository. */
export function mayServe({ repos }: Pick<Server, 'repos'>, repo: string): boolean {
  return repos.every((globs) => fitsGlobs(globs, repo));
}

/**
 * The labels of the queue that a job is sent to.
 * @param asked by the job; what it says of repositories and of runners to be kept from is left out
 * @param runners labels that its repository's jobs need beside
 * @param keptFor the repository, where runners are kept for it
 * @param avoided names of runners that it is to be kept from
 */
export function queueLabels(
  asked: readonly string[],
  runners: readonly string[] = [],
  keptFor: string | undefined = undefined,
  avoided: readonly string[] = [],
): string[] {
  const labels = [...asked, ...runners].filter((label) => !isOurs(label));
  const kept = keptFor === undefined ? [] : [`${prefix}${keptFor}`];
  return [...new Set([...labels, ...kept, ...avoided.map(avoiding)])].sort();
}

function isOurs(label: string): boolean {
  return label.startsWith(prefix) || label.startsWith(avoidance);
}

/** The label that keeps a queue from a runner, whose name may be none that a label has. */
function avoiding(runner: string): string {
  const label = `${avoidance}${runner}`;
  return labelPattern.test(label) ? label : `${avoidance}${shortHash(runner)}`;
}

/** The labels of a queue: those that a runner must have, the repository that it is of, where it is of one, and whether it is kept from some runner. */
export function parseQueueLabels(labels: readonly string[]): {
  labels: string[];
  repo: string | undefined;
  avoids: boolean;
} {
  const repo = labels.find((label) => label.startsWith(prefix))?.slice(prefix.length);
  const avoids = labels.some((label) => label.startsWith(avoidance));
  return { labels: labels.filter((label) => !isOurs(label)), repo, avoids };
}

/** Whether a runner serves the queue with these labels. */
export function serves(server: Server, queue: readonly string[]): boolean {
  const { labels, repo, avoids } = parseQueueLabels(queue);
  if (avoids && queue.includes(avoiding(server.name))) return false;
  if (!labels.every((label) => server.labels.includes(label))) return false;
  return repo === undefined ? !isKept(server) : mayServe(server, repo);
}
