import { VoltError } from '../kernel/errors.ts';
import type { BuildId } from '../kernel/model.ts';
import { anyForge } from '../record/forges.ts';
import { failIntent, type Intent, openRetries } from '../record/intents.ts';
import { retryJobs } from '../record/retries.ts';
import { announceChange } from '../redis/channels.ts';
import { jobsToRetry } from '../workflow/retry.ts';
import type { DispatcherContext } from './context.ts';

/**
 * Carries out the open requests to retry. A request that can no longer have an effect, for example because another one came
 * first, is closed with the reason.
 * @param build limits it to requests for this build
 * @returns the builds to move on
 */
export async function pursueRetries(context: DispatcherContext, build?: BuildId): Promise<Set<BuildId>> {
  const retried = new Set<BuildId>();
  for (const intent of await openRetries(context.database)) {
    if (intent.build === null || (build !== undefined && intent.build !== build)) continue;
    if (await pursue(context, { ...intent, build: intent.build })) retried.add(intent.build);
  }
  return retried;
}

async function pursue(
  { database, access, queues, logger }: DispatcherContext,
  intent: Intent & { build: BuildId },
): Promise<boolean> {
  const { id, build, repo } = intent;
  try {
    const done = await retryJobs(database, intent, (jobs) => jobsToRetry(build, jobs, intent));
    if (!done) return false;
  } catch (error) {
    if (!(error instanceof VoltError) || error.code.startsWith('record_')) throw error;
    await failIntent(database, id, error);
    return false;
  }
  logger.info(`build ${build}: retried`, { build, job: intent.job ?? undefined });
  await announceChange(access, { build, repo, status: 'running' });
  if (await anyForge(database)) await queues.sendNotices();
  return true;
}
