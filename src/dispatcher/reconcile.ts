import { missingAttempts } from '../queues/attempts.ts';
import type { StageContext } from '../queues/stage.ts';
import { openJobs } from '../record/open-jobs.ts';
import type { Record } from '../record/record.ts';
import { listRepositories } from '../record/repositories.ts';
import { claimRedis } from '../redis/identity.ts';
import { jobsToCancel, pursueCancels } from './cancel.ts';
import { route } from './route.ts';

/** How many queued jobs are compared with their queues at a time; the oldest first. */
const batch = 2000;

/**
 * Makes the queues agree with the record: whatever the record says is queued has a message. This mends a dispatcher
 * that died between its transaction and the sending, and a Redis that was emptied or replaced.
 */
export async function reconcile(context: StageContext & { record: Record }): Promise<void> {
  const { access, record, queues, logger } = context;
  if (await claimRedis(access, record.id)) await reschedule(context);
  const unwanted = await jobsToCancel(record);
  const queued = await openJobs(record, { status: 'queued', limit: batch });
  const missing = await missingAttempts(
    access,
    queued
      .filter((job) => !unwanted(job))
      .map((job) => ({ job: job.id, attempt: job.attempt, labels: job.labels, open: job })),
  );
  if (missing.length > 0) {
    await route(
      queues,
      missing.map(({ open }) => open),
    );
    logger.info(`sent ${missing.length} queued jobs that had no message`);
  }
  await pursueCancels(context);
}

/** A new Redis knows of no schedules; an upsert leaves those that are there as they are. */
async function reschedule({ record, queues }: StageContext & { record: Record }): Promise<void> {
  for (const { host, name, pollSeconds } of await listRepositories(record))
    await queues.scheduleObserve(host, name, pollSeconds);
}
