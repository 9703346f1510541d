import type { BuildId } from '../kernel/model.ts';
import { queueJob } from '../record/job-transitions.ts';
import { jobStates } from '../record/open-jobs.ts';
import { pendingWorkOf } from '../record/pending-work.ts';
import { jobReadiness } from '../workflow/job-readiness.ts';
import { pursueApproval } from './build-gate.ts';
import { pursueCancels } from './cancel.ts';
import type { DispatcherContext } from './context.ts';
import { sendDecision } from './decided-plan.ts';
import { pursueRetries } from './retry.ts';
import { routeBuild } from './route.ts';
import { advanceWorkflows, refuseWaiting } from './workflow-advance.ts';

/** Ends the waiting jobs of a build during whose planning the process has died too often. */
export async function refuse(context: DispatcherContext, build: BuildId, why: string): Promise<void> {
  await refuseWaiting(context, await jobStates(context.database, build), { reason: 'planning_failed', message: why });
}

/** Moves a build on: sends jobs whose needs are met, and skips jobs that can never run. */
export async function advance(context: DispatcherContext, build: BuildId): Promise<void> {
  const { database, queues } = context;
  const { isRequested, hasWorkflows, isOpen, asking } = await pendingWorkOf(database, build);
  if (asking) await queues.sendObserve(asking.host, { v: 1, repo: asking.repo, cause: 'batch' });
  if (isRequested) {
    await pursueRetries(context, build);
    await pursueCancels(context, build);
  }
  if (hasWorkflows) {
    const { others, queued, cancels } = await advanceWorkflows(context, build);
    for (const other of others) await queues.sendAdvance({ v: 1, build: other });
    if (cancels) await pursueCancels(context);
    // jobs that were ready before have been sent; reconcile.ts finds those that have not
    return routeBuild(context, build, queued);
  }
  // a retry opens final jobs
  if (!isOpen && !isRequested) return;
  const states = await jobStates(database, build);
  const gate = states.find(({ isGate, status }) => isGate && status === 'waiting');
  if (gate) return pursueApproval(context, build, gate);
  const { ready, blocked } = jobReadiness(states);
  for (const job of ready) await queueJob(database, job);
  for (const { id, failedNeeds } of blocked) {
    const message = `${failedNeeds.join(', ')} did not succeed`;
    const attempt = states.find((job) => job.id === id)?.attempt ?? 0;
    await sendDecision(context, { job: id, attempt }, { status: 'skipped', reason: 'needs_failed', message });
  }
  await routeBuild(context, build);
}
