import type { BuildId, JobId } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import { approvalPatience, expireWait } from '../record/approvals.ts';
import { waitOfBuild } from '../record/build-approvals.ts';
import { findBuildSummary } from '../record/builds.ts';
import { findRepository } from '../record/repositories.ts';
import type { DispatcherContext } from './context.ts';
import { sendDecision } from './decided-plan.ts';

/** Milliseconds after an approval in which the observer has to send what the build needs, a week. */
const sendingPatience = 7 * 86_400_000;

/**
 * Moves on a build of a pull request that a person must approve: once that is done, the observer is asked for what it needs,
 * again and again until it has sent that, or a week is over.
 * @param job that stands for the jobs to come
 */
export async function pursueApproval(
  context: DispatcherContext,
  build: BuildId,
  { id: job, attempt }: { id: JobId; attempt: number },
): Promise<void> {
  const { database, queues } = context;
  const { id, askedAt, decision, decidedAt, by, comment } = await waitOfBuild(database, { build, job, attempt });
  const cancel = (reason: 'declined' | 'expired', message: string) =>
    sendDecision(context, { job, attempt }, { status: 'cancelled', reason, message });
  if (decision === 'declined')
    return cancel('declined', `${by} declined the pull request${comment ? `: ${comment}` : ''}`);
  if (decision === 'expired' || (decision === null && serverNow() >= askedAt + approvalPatience)) {
    await database.write((db) => expireWait(db, id));
    return cancel('expired', 'nobody approved the pull request within 30 days');
  }
  if (decision === null) return;
  const repo = (await findBuildSummary(database, build))?.repo;
  const repository = repo === undefined ? undefined : await findRepository(database, repo);
  if (repository?.pullRequests === 'none')
    return cancel('declined', 'pull requests of the repository are no longer built');
  if (decidedAt !== null && serverNow() >= decidedAt + sendingPatience) {
    const message = 'a week after its approval, Volt still could not read it; the page of the repository says why';
    return sendDecision(context, { job, attempt }, { status: 'error', reason: 'fetch_failed', message });
  }
  if (repository) await queues.sendObserve(repository.host, { v: 1, repo: repository.name, cause: 'batch' });
}
