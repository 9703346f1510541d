import { errorText } from '../kernel/errors.ts';
import type { BuildId, JobId } from '../kernel/model.ts';
import { serverTime } from '../kernel/server-time.ts';
import { isDue, pausesOf } from '../kernel/tries.ts';
import { withdraw } from '../queues/attempts.ts';
import { type JobMessage, type Plan, planSchema } from '../queues/messages.ts';
import { jobQueue } from '../queues/names.ts';
import { priorityOf } from '../queues/priority.ts';
import { fittingJob, type Queues } from '../queues/queues.ts';
import type { StageContext } from '../queues/stage.ts';
import { identityOf } from '../record/build-ids.ts';
import type { Database } from '../record/database.ts';
import { currentAttempts, type OpenJob, openJobs } from '../record/open-jobs.ts';
import { type Youth, youthOf } from '../redis/identity.ts';
import { yieldToOthers } from '../system/event-loop.ts';
import { jobsToCancel } from './cancel.ts';
import { type DecidedPlan, decidedPlanSchema } from './decided-plan.ts';
import { placements } from './placement.ts';
import { secretsNamedBy } from './secret-names.ts';
import { trustFor } from './trust.ts';

/** Different sets of labels that the jobs of one build may ask for at once: each has a queue of its own. */
const mostLabelSets = 64;

/**
 * Sends the current attempts of jobs to the queues that they belong to, see placement.ts, and those whose end is decided to the
 * reporter.
 * Sending one again does nothing while its message is there, and a message stays until well after its attempt is over.
 * A job that no message can be made of, because its plan is not understood or too large, ends in an error that says so,
 * and holds up none of the others.
 */
export async function route(
  context: Pick<StageContext, 'access' | 'config' | 'queues'> & { database: Database },
  jobs: OpenJob[],
): Promise<void> {
  const { config, queues } = context;
  const pauses = pausesOf(config.tryAgain);
  const entries: { message: JobMessage; priority: number; queue: string[] }[] = [];
  const places = await placements(context, jobs.map(placed));
  const sets = new Map<BuildId, Set<string>>();
  for (const [index, job] of jobs.entries()) {
    await yieldToOthers();
    const what = whatToSend(job, pauses.length > job.tried.length);
    const priority = priorityOf(job.virtualStart);
    const queue = places[index] as string[];
    const ofBuild = sets.get(job.build) ?? new Set();
    sets.set(job.build, ofBuild.add(queue.join()));
    if (ofBuild.size > mostLabelSets) await sendDecided(queues, job, tooManyLabelSets);
    else if ('message' in what) entries.push({ message: what.message, priority, queue });
    else await sendDecided(queues, job, what.decided);
  }
  if (entries.length === 0) return;
  await queues.sendJobs(entries);
  await withdrawStale(context, entries);
}

/**
 * What was looked at may have moved until the messages were there: a job was cancelled, and its message, that was sent
 * before, is gone. Whoever looks now sees that; a runner that comes first is told soon that the attempt counts no more.
 */
async function withdrawStale(
  { queues, database }: Pick<StageContext, 'queues'> & { database: Database },
  sent: readonly { message: JobMessage; queue: string[] }[],
): Promise<void> {
  const [current, unwanted] = await Promise.all([
    currentAttempts(
      database,
      sent.map(({ message }) => message.job),
    ),
    jobsToCancel(database),
  ]);
  for (const { message, queue } of sent) {
    const state = current.get(message.job);
    const counts = state?.open && state.attempt <= message.attempt;
    if (counts && !unwanted({ id: message.job, build: message.build })) continue;
    await withdraw(queues, jobQueue(queue), message);
  }
}

function placed({ labels, repo, dueAt, tried }: OpenJob) {
  return { labels, repo: repo.name, runners: repo.runners, dueAt, tried };
}

type Ending = Pick<DecidedPlan, 'status' | 'reason' | 'message'>;

const tooManyLabelSets: Ending = {
  status: 'error',
  reason: 'no_runner',
  message: `its build asks for more than ${mostLabelSets} different sets of labels at once`,
};

function whatToSend(job: OpenJob, repeatable: boolean): { message: JobMessage } | { decided: Ending } {
  try {
    const plan: unknown = JSON.parse(job.plan);
    const decided = decidedPlanSchema.safeParse(plan);
    if (decided.success) return { decided: decided.data };
    return { message: fittingJob(messageOf(job, planSchema.parse(plan), repeatable)) };
  } catch (error) {
    const message = `no runner can be told what to run: ${errorText(error)}`.slice(0, 2000);
    return { decided: { status: 'error', reason: 'bad_message', message } };
  }
}

async function sendDecided(queues: Queues, job: OpenJob, { status, reason, message }: Ending): Promise<void> {
  const at = serverTime();
  await queues.sendResult({ v: 1, kind: 'decided', job: job.id, attempt: job.attempt, status, reason, message, at });
}

/**
 * Sends every job of the build that is to run now. One that somebody wants cancelled is not sent any more; and to a
 * Redis that is young, none that an earlier one may have held: a runner may be at work on it, see reconcile.ts.
 * @param only of these jobs, where not all of the build are to be looked at
 */
export async function routeBuild(
  { access, config, database, queues }: Pick<StageContext, 'access' | 'config' | 'queues'> & { database: Database },
  build: BuildId,
  only?: ReadonlySet<JobId>,
): Promise<void> {
  if (only?.size === 0) return;
  const queued = await openJobs(database, { status: 'queued', build, limit: 100_000 });
  if (queued.length === 0) return;
  const unwanted = await jobsToCancel(database);
  const youth = await youthOf(access, identityOf(database));
  const pauses = pausesOf(config.tryAgain);
  const wanted = (job: OpenJob) => (only?.has(job.id) ?? true) && !unwanted(job) && isDue(job.dueAt, pauses);
  const jobs = queued.filter((job) => wanted(job) && isNewTo(youth, job));
  if (jobs.length > 0) await route({ access, config, database, queues }, jobs);
}

/** Whether no earlier Redis can have held a message of the job. */
export function isNewTo(youth: Youth | undefined, { build }: Pick<OpenJob, 'build'>): boolean {
  return youth === undefined || Number(build) > youth.heard;
}

/** Whether the job's runner has anything to ask for; whether it is given is decided when it asks. */
function usesSecrets(job: OpenJob): boolean {
  const named = secretsNamedBy(job.plan);
  return named === 'environment' ? job.hasSecretsInEnvironment : named === '*' || named.length > 0;
}

function repositoryOf({ name, url, reports, depth, filter }: OpenJob['repo']): JobMessage['repo'] {
  return {
    ...{ name, url },
    ...(reports.length > 0 && { reports }),
    ...(depth !== null && { depth }),
    ...(filter !== null && { filter }),
  };
}

function messageOf(job: OpenJob, plan: Plan, repeatable: boolean): JobMessage {
  const sealed = { secrets: usesSecrets(job), credential: job.hasCredential };
  return {
    v: 1,
    job: job.id,
    attempt: job.attempt,
    build: job.build,
    name: job.name,
    labels: job.labels,
    repo: repositoryOf(job.repo),
    ref: job.ref,
    sha: job.sha,
    trust: trustFor(job),
    plan,
    ...(sealed.secrets || sealed.credential ? { sealed } : {}),
    timeout: job.timeout,
    ...(repeatable && { repeatable }),
  };
}
