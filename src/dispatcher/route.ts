import { errorText } from '../kernel/errors.ts';
import type { BuildId, JobId } from '../kernel/model.ts';
import { fitsGlobs, hostLabel } from '../kernel/names.ts';
import { isDue, pausesOf } from '../kernel/retry-pauses.ts';
import { withdraw } from '../queues/attempts.ts';
import { type JobMessage, type Plan, planSchema } from '../queues/messages.ts';
import { jobQueue } from '../queues/names.ts';
import { priorityOf } from '../queues/priority.ts';
import { fittingJob } from '../queues/queues.ts';
import { identityOf } from '../record/build-ids.ts';
import type { Database } from '../record/database.ts';
import { jobTokenLookup } from '../record/job-apps.ts';
import { currentAttempts, firstLabelSets, type OpenJob, openJobs } from '../record/open-jobs.ts';
import { type FreshRedis, freshRedis } from '../redis/identity.ts';
import { yieldToOthers } from '../system/event-loop.ts';
import { jobsToCancel } from './cancel.ts';
import type { DispatcherContext } from './context.ts';
import { type Decision, decidedPlanSchema, sendDecision } from './decided-plan.ts';
import { chooseQueues } from './queue-choice.ts';
import { secretsNamedBy } from './secret-names.ts';
import { secretsAreFor, trustFor } from './trust.ts';

/** Most label sets that the jobs of one build may ask for at once: each has a queue of its own. */
const mostLabelSets = 64;

/**
 * Sends the current attempts of jobs to their queues, see queue-choice.ts, and jobs whose end is decided to the reporter.
 * Sending an attempt again does nothing while its message is there, and a message stays until well after its attempt is over.
 * A job that no message can be made of, because its plan is not understood or too large, ends with an error and does not
 * hold up the others.
 */
export async function route(
  context: Pick<DispatcherContext, 'access' | 'config' | 'queues' | 'database'>,
  jobs: OpenJob[],
): Promise<void> {
  const { config, queues } = context;
  const pauses = pausesOf(config.tryAgain);
  const entries: { message: JobMessage; priority: number; queue: string[] }[] = [];
  const queueOf = await chooseQueues(context, jobs.map(routed));
  const sets = await labelSetsOf(context.database, jobs);
  const hasJobToken = await jobTokenLookup(context.database.db);
  for (const [index, job] of jobs.entries()) {
    await yieldToOthers();
    const what = whatToSend(job, { repeatable: pauses.length > job.tried.length, hasJobToken });
    const priority = priorityOf(job.virtualStart);
    const queue = queueOf[index] as string[];
    const ref = { job: job.id, attempt: job.attempt };
    if (sets.get(job.build)?.has(JSON.stringify(job.labels)) === false)
      await sendDecision(context, ref, tooManyLabelSets);
    else if ('message' in what) entries.push({ message: what.message, priority, queue });
    else await sendDecision(context, ref, what.decided);
  }
  if (entries.length === 0) return;
  await queues.sendJobs(entries);
  await withdrawStale(context, entries);
}

/**
 * The label sets that large builds may use. They are those of all their jobs, not only of these: the others have been sent
 * already, or have been refused and their end is not recorded yet.
 */
async function labelSetsOf(database: Database, jobs: readonly OpenJob[]): Promise<Map<BuildId, Set<string>>> {
  const isLarge = ({ id, build }: OpenJob) => Number(id.slice(build.length + 1)) >= mostLabelSets;
  const builds = new Set(jobs.filter(isLarge).map(({ build }) => build));
  const sets = new Map<BuildId, Set<string>>();
  for (const build of builds) sets.set(build, await firstLabelSets(database, build, mostLabelSets));
  return sets;
}

/**
 * Jobs may have changed while their messages were sent, for example by a cancel that removed an earlier message. Takes such
 * messages out again; a runner that was faster is told soon that the attempt no longer counts.
 */
async function withdrawStale(
  { queues, database }: Pick<DispatcherContext, 'queues' | 'database'>,
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

function routed({ labels, repo, dueAt, tried, laterPlan }: OpenJob) {
  return { labels, repo: repo.name, runners: repo.runners, dueAt, tried, laterPlan };
}

const tooManyLabelSets: Decision = {
  status: 'error',
  reason: 'no_runner',
  message: `its build asks for more than ${mostLabelSets} different label sets at once`,
};

/** The labels that a job of a pull request may not ask for. That of the machine that its repository is on is Volt's own. */
function refusedLabels({ pullRequest, labels, repo: { host, pullRequestLabels: globs } }: OpenJob): string[] {
  if (pullRequest === null || globs === null) return [];
  const own = host === null ? undefined : hostLabel(host);
  return labels.filter((label) => label !== own && (globs.length === 0 || !fitsGlobs(globs, label)));
}

function labelsRefused(labels: readonly string[]): Decision {
  const message = `pull requests of this repository may not use runners with the labels ${labels.join(', ')}`;
  return { status: 'error', reason: 'labels_refused', message: message.slice(0, 2000) };
}

/** What more the message of a job depends on. */
interface Sending {
  repeatable: boolean;
  /** whether jobs of a repository may get a token of its forge */
  hasJobToken(repository: OpenJob['repo']): boolean;
}

function whatToSend(job: OpenJob, sending: Sending): { message: JobMessage } | { decided: Decision } {
  try {
    const plan: unknown = JSON.parse(job.plan);
    const decided = decidedPlanSchema.safeParse(plan);
    if (decided.success) return { decided: decided.data };
    const refused = refusedLabels(job);
    if (refused.length > 0) return { decided: labelsRefused(refused) };
    return { message: fittingJob(messageOf(job, planSchema.parse(plan), sending)) };
  } catch (error) {
    const message = `the job cannot be sent to a runner: ${errorText(error)}`.slice(0, 2000);
    return { decided: { status: 'error', reason: 'bad_message', message } };
  }
}

/**
 * Sends every job of the build that may run now. A job that is to be cancelled is not sent. To a young Redis, a job that an
 * earlier Redis may have held is not sent: a runner may be running it, see reconcile.ts.
 * @param only limits it to these jobs
 */
export async function routeBuild(
  { access, config, database, queues }: Pick<DispatcherContext, 'access' | 'config' | 'queues' | 'database'>,
  build: BuildId,
  only?: ReadonlySet<JobId>,
): Promise<void> {
  if (only?.size === 0) return;
  const queued = await openJobs(database, { status: 'queued', build, limit: 100_000 });
  if (queued.length === 0) return;
  const unwanted = await jobsToCancel(database);
  const youth = await freshRedis(access, identityOf(database));
  const pauses = pausesOf(config.tryAgain);
  const wanted = (job: OpenJob) => (only?.has(job.id) ?? true) && !unwanted(job) && isDue(job.dueAt, pauses);
  const jobs = queued.filter((job) => wanted(job) && isNewTo(youth, job));
  if (jobs.length > 0) await route({ access, config, database, queues }, jobs);
}

/** Whether no earlier Redis can have held a message of this job. */
export function isNewTo(fresh: FreshRedis | undefined, { build }: Pick<OpenJob, 'build'>): boolean {
  return fresh === undefined || Number(build) > fresh.heard;
}

/** Whether the job's runner will ask for secrets; whether it gets them is decided then. */
function usesSecrets(job: OpenJob, hasJobToken: Sending['hasJobToken']): boolean {
  const { repository, environment, token } = secretsNamedBy(job.plan);
  if (repository === 'environment') return job.hasSecretsInEnvironment;
  return repository.length > 0 || environment.length > 0 || (token && secretsAreFor(job) && hasJobToken(job.repo));
}

function repositoryOf({ name, url, reports, filter, env, image }: OpenJob['repo']): JobMessage['repo'] {
  return {
    ...{ name, url },
    ...(reports.length > 0 && { reports }),
    ...(Object.keys(env).length > 0 && { env }),
    ...(filter !== null && { filter }),
    ...(image !== null && { image }),
  };
}

function messageOf(job: OpenJob, plan: Plan, { repeatable, hasJobToken }: Sending): JobMessage {
  const sealed = { secrets: usesSecrets(job, hasJobToken), credential: job.hasCredential };
  return {
    v: 1,
    job: job.id,
    attempt: job.attempt,
    build: job.build,
    name: job.name,
    labels: job.labels,
    repo: repositoryOf(job.repo),
    ref: job.ref,
    sha: job.merge?.commit ?? job.sha,
    ...(job.merge && { merge: { base: job.merge.base, head: job.merge.head } }),
    ...(job.pullRequest !== null && { pullRequest: job.pullRequest }),
    trust: trustFor(job),
    ...(job.concernsStrangers && !job.repo.removed && { trustRules: job.storedTrust }),
    plan,
    ...(sealed.secrets || sealed.credential ? { sealed } : {}),
    timeout: job.timeout,
    ...(repeatable && { repeatable }),
    ...(job.tried.length > 0 && { tried: job.tried.length }),
  };
}
