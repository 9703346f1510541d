import { type Build, isFinal, type Job } from '../../kernel/model.ts';
import type { RunnerMember } from '../../redis/membership.ts';
import { type Needed, whyItWaits } from '../status/waiting.ts';
import { ApprovalForm, Deployment, waitingForApproval } from './approval.tsx';
import { StatusMark, Took, Words } from './parts.tsx';
import { attemptSentence, stateOf } from './sentences.ts';
import { type FilePage, type ShowSummary, Steps } from './steps.tsx';

interface Shown {
  build: Build;
  /** id of the job whose log is below */
  chosen: string | undefined;
  /** undefined if Redis does not answer */
  runners: RunnerMember[] | undefined;
  needed: Needed;
  signedIn: boolean;
  summaryOf: ShowSummary;
  fileOf: FilePage;
  now: number;
}

/** With more jobs, closed cards are laid side by side to keep the page short. */
const many = 20;

/** The jobs of a build: each with its state, its attempts and its steps. */
export function Jobs(shown: Shown) {
  return (
    <section id="jobs" data-live="" aria-label="Jobs" class={shown.build.jobs.length > many ? 'many' : undefined}>
      {shown.build.jobs.map((job) => (
        <JobCard job={job} shown={shown} />
      ))}
    </section>
  );
}

/** Whether a card is open at first: jobs that failed or run, the chosen one, and all jobs if there are few. */
function isOpen(job: Job, { build, chosen }: Shown): boolean {
  const wrong = job.status === 'failure' || job.status === 'error';
  return build.jobs.length <= 3 || wrong || job.status === 'running' || job.id === chosen;
}

function JobCard({ job, shown }: { job: Job; shown: Shown }) {
  const { build, chosen, now } = shown;
  const single = build.jobs.length === 1;
  const state = single && job.finishedAt !== null ? undefined : stateNow(job, shown);
  const open = isOpen(job, shown);
  return (
    <details
      class={job.id === chosen && !single ? 'job chosen' : 'job'}
      id={`job-${job.id}`}
      open={open}
      data-open={open ? '' : undefined}
    >
      <summary class="head">
        <StatusMark status={job.status} />
        <h2>{job.name}</h2>
        {job.labels.map((label) => (
          <span class="label">{label}</span>
        ))}
        {job.startedAt !== null && (
          <span class="where">
            {job.runner !== null && <>on {job.runner} · </>}
            <Took from={job.startedAt} to={job.finishedAt} now={now} />
          </span>
        )}
        {state !== undefined && (
          <span class="state">
            <Words text={state} />
          </span>
        )}
      </summary>
      <Deployment job={job} now={now} />
      <Attempts job={job} now={now} />
      {job.image !== null && (
        <p class="image">
          Image {job.image.name} <span class="muted">{job.image.digest}</span>
        </p>
      )}
      <Steps job={job} summaryOf={shown.summaryOf} fileOf={shown.fileOf} now={now} />
      {!single && <Act job={job} shown={shown} />}
    </details>
  );
}

/** Why a job waits, by the current runners; else its result. */
function stateNow(job: Job, { build, runners, needed, now }: Shown): string | undefined {
  const { status, needs, triesAgainAt } = job;
  if (status === 'waiting') return stateOf({ ...job, needs: stillNeeded(needs, build) });
  const pauses = triesAgainAt !== null && now < Date.parse(triesAgainAt);
  if (runners === undefined || status !== 'queued' || pauses) return stateOf(job);
  return `waiting: ${whyItWaits({ ...job, status }, runners, needed)}`;
}

/** The needed jobs that are not finished; a name may stand for the jobs of a matrix. */
function stillNeeded(needs: string[], { jobs }: Build): string[] {
  const open = jobs.filter(({ finishedAt }) => finishedAt === null).map(({ name }) => name);
  const left = needs.filter((need) => open.some((name) => name === need || name.startsWith(`${need} (`)));
  return left.length > 0 ? left : needs;
}

/** The attempts of a job that has several. An attempt that has not started is left out: the job itself says why it waits. */
function Attempts({ job: { attempts, triesAgainAt }, now }: { job: Job; now: number }) {
  if (attempts.length < 2) return null;
  const isPaused = triesAgainAt !== null && now < Date.parse(triesAgainAt);
  return (
    <ol class="attempts">
      {attempts.slice(0, isPaused ? -1 : undefined).map((attempt, index) => (
        <li class={attempt.status}>
          <Words text={attemptSentence(attempt, attempts[index + 1])} />
        </li>
      ))}
    </ol>
  );
}

/** The actions for one job of several. */
function Act({ job, shown: { build, chosen, signedIn } }: { job: Job; shown: Shown }) {
  const over = isFinal(build.status);
  const act = over ? 'retry' : isFinal(job.status) ? undefined : 'cancel';
  return (
    <div class="acts">
      {job.id !== chosen && job.attempts.length > 0 && <a href={`?job=${job.id}#log`}>View log</a>}
      {signedIn && waitingForApproval({ jobs: [job] }).length > 0 && <ApprovalForm of={job.id} name={job.name} />}
      {signedIn && act !== undefined && (
        <form method="post" action={`/jobs/${job.id}/${act}`}>
          <button type="submit" class={act === 'cancel' ? 'quiet danger' : 'quiet'}>
            {act === 'retry' ? 'Retry' : 'Cancel'}
            <span class="hidden"> {job.name}</span>
          </button>
        </form>
      )}
    </div>
  );
}
