import type { RecordedResult } from '../../kernel/model/test-shapes.ts';
import { type Build, isFinal, type Job } from '../../kernel/model.ts';
import { duration } from '../../kernel/times.ts';
import type { RunnerMember } from '../../redis/membership.ts';
import type { StepLines } from '../logs/step-lines.ts';
import { type Needed, whyItWaits } from '../status/waiting.ts';
import type { Annotated } from './annotations.tsx';
import { ApprovalForm, Deployment, waitingForApproval } from './approval.tsx';
import { FailedTests } from './failed-tests.tsx';
import { StatusMark, Took } from './parts.tsx';
import { attemptSentence, stateOf } from './sentences.ts';
import { type ShowSummary, Steps } from './steps.tsx';
import { waitForRunner } from './timeline-layout.ts';
import { Words } from './words.tsx';

/** Which acts on a build a page offers. */
export interface Allowed {
  run: boolean;
  approve: boolean;
}

interface Shown {
  build: Build;
  job: Job;
  /** undefined if Redis does not answer */
  runners: RunnerMember[] | undefined;
  needed: Needed;
  allowed: Allowed;
  /** where the steps are in the log that the page shows */
  lines: readonly (StepLines | null)[];
  annotated: Annotated;
  /** tests; empty if the page shows another attempt */
  failed: readonly RecordedResult[];
  summaryOf: ShowSummary;
  now: number;
}

/** Milliseconds of waiting for a runner that are worth to be told. */
const shownWait = 1000;

/** The chosen job of a build: its state, its attempts and its steps. Its log comes after it. */
export function JobPane(shown: Shown) {
  const { build, job, now } = shown;
  const single = build.jobs.length === 1;
  const wait = waitForRunner(job, build);
  const state = single && job.finishedAt !== null ? undefined : stateNow(shown);
  return (
    <section id="job" class="job" data-live="" aria-label={`Job ${job.name}`}>
      <div class="head">
        <StatusMark status={job.status} />
        <h2>{job.name}</h2>
        {job.labels.map((label) => (
          <span class="label">{label}</span>
        ))}
        {job.startedAt !== null && (
          <span class="where">
            {job.runner !== null && <>on {job.runner} · </>}
            <Took from={job.startedAt} to={job.finishedAt} now={now} />
            {wait >= shownWait && <> · waited {duration(wait)}</>}
          </span>
        )}
        {!single && <Act shown={shown} />}
        {state !== undefined && (
          <span class="state">
            <Words text={state} />
          </span>
        )}
      </div>
      <Deployment job={job} now={now} />
      <Attempts job={job} now={now} />
      {job.image !== null && (
        <p class="image">
          Image {job.image.name} <span class="faint">{job.image.digest}</span>
        </p>
      )}
      <FailedTests build={build} job={job} failed={shown.failed} fileOf={shown.annotated.fileOf} />
      <Steps job={job} lines={shown.lines} annotated={shown.annotated} summaryOf={shown.summaryOf} now={now} />
    </section>
  );
}

/** Why a job waits, by the current runners; else its result. */
function stateNow({ build, job, runners, needed, now }: Shown): string | undefined {
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
function Act({ shown: { build, job, allowed } }: { shown: Shown }) {
  const act = isFinal(build.status) ? 'retry' : isFinal(job.status) ? undefined : 'cancel';
  const mayDecide = allowed.approve && waitingForApproval({ jobs: [job] }).length > 0;
  if (!mayDecide && !(allowed.run && act)) return null;
  return (
    <span class="acts">
      {mayDecide && <ApprovalForm of={job.id} name={job.name} />}
      {allowed.run && act !== undefined && (
        <form method="post" action={`/jobs/${job.id}/${act}`}>
          <button
            type="submit"
            class={act === 'cancel' ? 'danger' : undefined}
            aria-label={`${act === 'retry' ? 'Retry' : 'Cancel'} job ${job.name}`}
          >
            {act === 'retry' ? 'Retry job' : 'Cancel job'}
          </button>
        </form>
      )}
    </span>
  );
}
