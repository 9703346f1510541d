import { type Attempt, type Build, type Job, reasons, statusWords } from '../../kernel/model.ts';
import { waitingFor } from '../status/waiting.ts';
import { duration } from '../text/times.ts';

/** What a build, a job or an attempt has come to, in the words of the pages. */

type Outcome = Pick<Build, 'status' | 'reason' | 'message' | 'startedAt' | 'finishedAt'>;

/** A build's verdict in a sentence. */
export function verdictOf(build: Build): string {
  const why = because(build);
  const took = tookOf(build);
  switch (build.status) {
    case 'waiting':
    case 'queued':
      return 'Waiting for a runner.';
    case 'running':
      return `Running${progressOf(build.jobs)}.`;
    case 'success':
      return `Passed${took ? ` in ${took}` : ''}.`;
    case 'failure':
      return sentence(`Failed${took ? ` after ${took}` : ''}`, why);
    case 'error':
      return `${sentence(`Volt could not tell${took ? `, after ${took}` : ''}`, why)} The commit is not at fault.`;
    case 'cancelled':
      return sentence(`Cancelled${took ? ` after ${took}` : ''}`, why);
    case 'skipped':
      return sentence('Skipped', why);
  }
}

/** Why a job waits, or what it ended with; undefined where its status says it all. */
export function stateOf(job: Job): string | undefined {
  if ((job.status === 'waiting' || job.status === 'queued') && job.message !== null) return job.message;
  if (job.status === 'waiting') return waitingFor(job.needs);
  if (job.status === 'queued') {
    const labels = job.labels.length > 0 ? ` with ${job.labels.join(', ')}` : '';
    return `waits for a free slot of a runner${labels}`;
  }
  return because(job);
}

/** One attempt's part in the story of its job. */
export function attemptStory(attempt: Attempt, next: Attempt | undefined): string {
  const who = attempt.runner === null ? '' : ` on ${attempt.runner}`;
  const head = `Attempt ${attempt.number}${who}: `;
  const took = tookOf(attempt);
  const why = because(attempt);
  // the story of a loss says itself where the job went
  const onward = next && attempt.lostAt === null ? `, handed to attempt ${next.number}` : '';
  switch (attempt.status) {
    case 'waiting':
    case 'queued':
      return `${head}waits for a free slot${onward}`;
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

/** From begin to end; undefined where either is missing. What still runs is shown by a clock beside the sentence. */
function tookOf({ startedAt, finishedAt }: Pick<Outcome, 'startedAt' | 'finishedAt'>): string | undefined {
  if (startedAt === null || finishedAt === null) return undefined;
  return duration(Date.parse(finishedAt) - Date.parse(startedAt));
}

/** The branch or tag of a ref as people call it. */
export function shortRef(ref: string): string {
  return ref.replace(/^refs\/(heads|tags)\//, '');
}

function because({ message, reason }: Pick<Outcome, 'message' | 'reason'>): string | undefined {
  return message ?? (reason === null ? undefined : reasons[reason]);
}

function progressOf(jobs: Job[]): string {
  if (jobs.length < 2) return '';
  const done = jobs.filter((job) => job.finishedAt !== null).length;
  return `, ${done} of ${jobs.length} jobs done`;
}

function sentence(head: string, rest: string | undefined): string {
  return rest === undefined ? `${head}.` : `${head}: ${rest.replace(/[.\s]+$/, '')}.`;
}
