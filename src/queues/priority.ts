/** BullMQ's largest priority (21 bits). Jobs with tags beyond it keep the order of sending. */
const largestPriority = 2 ** 21 - 1;

/** Jobs of pull requests let others go ahead whose start tags are higher by up to this. So they wait long, but not for ever. */
const handicap = 10_000;

/**
 * The priority of a job's message: 1 runs first.
 * @param startTag from 0, see record/fairness.ts
 * @param isPullRequest whether it runs the code of a pull request
 */
export function priorityOf(startTag: number, isPullRequest: boolean): number {
  return Math.min(startTag + 1 + (isPullRequest ? handicap : 0), largestPriority);
}
