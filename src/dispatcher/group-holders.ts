import type { JobId } from '../kernel/model.ts';
import type { Node } from '../workflow/node.ts';

/** The jobs that a holder of a concurrency group stands for: a job, or all of a workflow. */
export function jobsOfHolder<J extends { id: JobId; node: string | null }>(jobs: readonly J[], holder: string): J[] {
  return jobs.filter(({ id, node }) => id === holder || isOf(node, holder));
}

/** Whether a job is of the workflow of that file. */
export function isOf(node: string | null, file: string): boolean {
  return node !== null && (JSON.parse(node) as Node).file === file;
}
