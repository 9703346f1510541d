import type { BuildId, JobId } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Write } from './database.ts';
import { rowBatches } from './row-batches.ts';

export interface NewJob {
  id: JobId;
  name: string;
  labels: string[];
  needs: string[];
  /** JSON of what the job runs */
  plan: string;
  /** minutes */
  timeout: number;
  /** name of its workflow */
  workflow?: string;
  /** JSON: its node in the workflow */
  node?: string;
  continueOnError?: boolean;
  /** its start tag if it is queued at once, with its first attempt; otherwise it waits */
  tag: number | undefined;
}

export async function insertJobs(db: Write, build: BuildId, jobs: readonly NewJob[]): Promise<void> {
  const now = serverNow();
  for (const some of rowBatches(jobs)) {
    const rows = some.map(({ id, name, workflow = null, node = null, plan, timeout, tag, ...job }) => ({
      ...{ id, build_id: Number(build), name, workflow, node, plan, timeout, created_at: now },
      position: Number(id.slice(id.indexOf('-') + 1)),
      labels: JSON.stringify(job.labels),
      needs: JSON.stringify(job.needs),
      continue_on_error: job.continueOnError ? 1 : 0,
      status: tag === undefined ? ('waiting' as const) : ('queued' as const),
      attempt: tag === undefined ? 0 : 1,
      virtual_start: tag ?? 0,
    }));
    await db.insertInto('jobs').values(rows).execute();
    const queued = some.filter(({ tag }) => tag !== undefined);
    const attempts = queued.map(({ id }) => ({ job_id: id, number: 1, status: 'queued' as const, created_at: now }));
    if (attempts.length > 0) await db.insertInto('attempts').values(attempts).execute();
  }
}
