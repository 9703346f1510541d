import { durationStart } from '../../kernel/build-duration.ts';
import { type Attempt, type Build, type BuildSummary, type Job, reasons, statusWords } from '../../kernel/model.ts';
import { pullRequestText } from '../../kernel/pull-request.ts';
import { shortRef } from '../../kernel/ref-name.ts';
import { duration } from '../../kernel/times.ts';
import { isFailing } from '../../kernel/verdict.ts';
import { waitingFor } from '../status/waiting.ts';

/** Sentences on pages about the result of a build, a job or an attempt. */

type Outcome = Pick<Build, 'status' | 'reason' | 'message' | 'startedAt' | 'finishedAt'>;

/** A build's result as a sentence. */
export function verdictOf(build: Build): string {
  const why = because(build);
  const took = tookOf({ ...build, startedAt: durationStart(build) });
  switch (build.status) {
    case 'waiting':
    case 'queued':
      return isForApproval(build) ? 'Waiting for approval.' : 'Waiting for a runner.';
    case 'running':
      if (isFailing(build)) return `${sentence('Failing', why)} ${leftOf(build.jobs)}`;
      return isForApproval(build) ? 'Waiting for approval.' : `Running${progressOf(build.jobs)}.`;
    case 'success':
      return `Passed${took ? ` in ${took}` : ''}.`;
    case 'failure':
      return sentence(`Failed${took ? ` after ${took}` : ''}`, why);
    case 'error':
      return `${sentence(`No result${took ? ` after ${took}` : ''}`, why)} This is not a test failure.`;
    case 'cancelled':
      return sentence(`Cancelled${took ? ` after ${took}` : ''}`, why);
    case 'skipped':
      return sentence('Skipped', why);
  }
}

/** Whether all that is left to do in a build waits for a person's approval, or for what does. */
function isForApproval({ jobs }: Build): boolean {
  const open = jobs.filter(({ finishedAt }) => finishedAt === null);
  return open.every(({ status }) => status === 'waiting') && open.some(({ reason }) => reason === 'approval_required');
}

/** Why a job waits, or its result; undefined if the status says enough. */
export function stateOf(job: Job): string | undefined {
  if ((job.status === 'waiting' || job.status === 'queued') && job.message !== null) return job.message;
  if (job.status === 'waiting') return waitingFor(job.needs);
  if (job.status === 'queued') {
    const labels = job.labels.length > 0 ? ` with ${job.labels.join(', ')}` : '';
    return `waiting for a free slot on a runner${labels}`;
  }
  return because(job);
}

/** The sentence about one attempt of a job. */
export function attemptSentence(attempt: Attempt, next: Attempt | undefined): string {
  const who = attempt.runner === null ? '' : ` on ${attempt.runner}`;
  const head = `Attempt ${attempt.number}${who}: `;
  const took = tookOf(attempt);
  const why = because(attempt)?.replace(/[.\s]+$/, '');
  // the message of a lost attempt says itself where the job went
  const onward = next && attempt.lostAt === null ? `; retried as attempt ${next.number}` : '';
  switch (attempt.status) {
    case 'waiting':
    case 'queued':
      return `${head}waiting for a free slot${onward}`;
    case 'running':
      return `${head}running${onward}`;
    case 'success':
      return `${head}passed${took ? ` in ${took}` : ''}`;
    case 'failure':
      return `${head}failed${took ? ` after ${took}` : ''}${why ? `, ${why}` : ''}${onward}`;
    case 'error':
      return `${head}${why ?? 'ended in an error'}${onward}`;
    case 'cancelled':
    case 'skipped':
      return `${head}${statusWords[attempt.status]}${why ? `, ${why}` : ''}`;
  }
}

/** The duration; undefined if the start or the end is missing. A running clock is shown beside the sentence. */
function tookOf({ startedAt, finishedAt }: Pick<Outcome, 'startedAt' | 'finishedAt'>): string | undefined {
  if (startedAt === null || finishedAt === null) return undefined;
  return duration(Date.parse(finishedAt) - Date.parse(startedAt));
}

/** What a build is of: its pull request, or the name of its branch or tag. */
export function refText({ ref, pullRequest }: Pick<BuildSummary, 'ref' | 'pullRequest'>): string {
  return pullRequest ? pullRequestText(pullRequest) : shortRef(ref);
}

/** Why a build or a job has its status, if it needs a reason. */
export function because({ message, reason }: Pick<Outcome, 'message' | 'reason'>): string | undefined {
  return message ?? (reason === null ? undefined : reasons[reason]);
}

function progressOf(jobs: Job[]): string {
  if (jobs.length < 2) return '';
  const done = jobs.filter((job) => job.finishedAt !== null).length;
  return `, ${done} of ${jobs.length} jobs done`;
}

/** For example `2 jobs still run.` or `1 job waits and cannot run yet.` */
function leftOf(jobs: Job[]): string {
  const open = jobs.filter((job) => job.finishedAt === null);
  const running = open.filter(({ status }) => status === 'running').length;
  if (running > 0) return running === 1 ? '1 job still runs.' : `${running} jobs still run.`;
  return open.length === 1 ? '1 job has not started.' : `${open.length} jobs have not started.`;
}

function sentence(head: string, rest: string | undefined): string {
  return rest === undefined ? `${head}.` : `${head}: ${rest.replace(/[.\s]+$/, '')}.`;
}
