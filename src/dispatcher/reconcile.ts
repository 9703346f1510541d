import { attemptName } from '../kernel/model.ts';
import { pause } from '../kernel/wait.ts';
import { missingAttempts } from '../queues/attempts.ts';
import type { StageContext } from '../queues/stage.ts';
import { buildsAtRest, openJobs } from '../record/open-jobs.ts';
import type { Record } from '../record/record.ts';
import { listRepositories } from '../record/repositories.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { claimRedis, youngFor } from '../redis/identity.ts';
import { listRunners } from '../redis/membership.ts';
import { advance } from './advance.ts';
import { jobsToCancel, pursueCancels } from './cancel.ts';
import { pursueRetries } from './retry.ts';
import { route } from './route.ts';

/** How many queued jobs are compared with their queues at a time; the oldest first. */
const batch = 2000;

/**
 * Makes the queues agree with the record: whatever the record says is queued has a message. This mends a dispatcher
 * that died between its transaction and the sending, and a Redis that was emptied or replaced.
 */
export async function reconcile(context: StageContext & { record: Record }): Promise<void> {
  const { access, record, queues, logger } = context;
  await claimRedis(access, record.id);
  // whoever has claimed it: any stage that starts may be the first to meet an emptied Redis
  const young = await youngFor(access);
  if (young > 0) await reschedule(context);
  // runners have to tell it first what they are at work on; the record may not know of it yet
  if (young > 0 && (await openJobs(record, { status: 'queued', limit: 1 })).length > 0) await pause(young);
  const queued = await openJobs(record, { status: 'queued', limit: batch });
  const unwanted = await jobsToCancel(record);
  const claimed = await claimedAttempts(access);
  const missing = await missingAttempts(
    access,
    queued
      .filter((job) => !unwanted(job) && !claimed.has(attemptName({ job: job.id, attempt: job.attempt })))
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
  await pursueRetries(context);
  // the notice that something has moved them may be lost with the Redis that carried it
  for (const build of await buildsAtRest(record)) await advance(context, build);
}

async function claimedAttempts(access: RedisAccess): Promise<Set<string>> {
  const { alive } = await listRunners(access);
  return new Set(alive.flatMap((runner) => [...runner.running, ...runner.reporting]));
}

/** A new Redis knows of no schedules; an upsert leaves those that are there as they are. */
async function reschedule({ record, queues }: StageContext & { record: Record }): Promise<void> {
  for (const { host, name, pollSeconds } of await listRepositories(record))
    await queues.scheduleObserve(host, name, pollSeconds);
}
