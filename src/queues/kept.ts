import { fitsGlobs } from '../kernel/names.ts';

/**
 * Which runners may have the jobs of which repositories, as names of queues tell it. A repository that runners are kept for
 * has queues of its own, whose labels hold `repo:` and its name: those runners serve no others. Runners that are kept for
 * nobody serve both. What a job asks for says nothing about it.
 */

const prefix = 'repo:';

/** Who serves queues. */
export interface Server {
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
 * @param asked by the job; what it says of repositories is left out
 * @param runners labels that its repository's jobs need beside
 * @param keptFor the repository, where runners are kept for it
 */
export function queueLabels(
  asked: readonly string[],
  runners: readonly string[] = [],
  keptFor: string | undefined = undefined,
): string[] {
  const labels = [...asked, ...runners].filter((label) => !label.startsWith(prefix));
  return [...new Set(keptFor === undefined ? labels : [...labels, `${prefix}${keptFor}`])].sort();
}

/** The labels of a queue: those that a runner must have, and the repository that it is of, where it is of one. */
export function parseQueueLabels(labels: readonly string[]): { labels: string[]; repo: string | undefined } {
  const repo = labels.find((label) => label.startsWith(prefix))?.slice(prefix.length);
  return { labels: labels.filter((label) => !label.startsWith(prefix)), repo };
}

/** Whether a runner serves the queue with these labels. */
export function serves(server: Server, queue: readonly string[]): boolean {
  const { labels, repo } = parseQueueLabels(queue);
  if (!labels.every((label) => server.labels.includes(label))) return false;
  return repo === undefined ? !isKept(server) : mayServe(server, repo);
}
