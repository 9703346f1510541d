import { type JobId, parseJobId } from '../kernel/model.ts';
import type { Node } from '../workflow/node.ts';

/** The jobs of a holder of a concurrency group: one job, or all jobs of a workflow. */
export function jobsOfHolder<J extends { id: JobId; node: string | null }>(jobs: readonly J[], holder: string): J[] {
  if (parseJobId(holder) !== undefined) return jobs.filter(({ id }) => id === holder);
  return jobs.filter(({ node }) => fileOf(node) === holder);
}

/** The file of a job's workflow; undefined if it is not recorded yet. */
export function fileOf(node: string | null): string | undefined {
  return node === null ? undefined : (JSON.parse(node) as Node).file;
}
