/** BullMQ's largest priority (21 bits). Jobs with tags beyond it keep the order of sending. */
const largestPriority = 2 ** 21 - 1;

/**
 * The priority of a job's message: 1 runs first.
 * @param startTag from 0, see record/fairness.ts
 */
export function priorityOf(startTag: number): number {
  return Math.min(startTag + 1, largestPriority);
}
