import { type Build, isFinal, type Job } from '../../kernel/model.ts';
import type { RunnerMember } from '../../redis/membership.ts';
import { type Needed, whyItWaits } from '../status/waiting.ts';
import { StatusMark, Took, Words } from './parts.tsx';
import { attemptStory, stateOf } from './sentences.ts';
import { type ShowSummary, Steps } from './steps.tsx';

interface Shown {
  build: Build;
  /** id of the job whose log is below */
  chosen: string | undefined;
  /** undefined where nobody can tell */
  runners: RunnerMember[] | undefined;
  needed: Needed;
  signedIn: boolean;
  summaryOf: ShowSummary;
  now: number;
}

/** So many jobs are laid side by side where they are closed, so that what is below them is not far. */
const many = 20;

/** The jobs of a build: each with what it waits for or came to, its attempts as a story, and its steps. */
export function Jobs(shown: Shown) {
  return (
    <section id="jobs" data-live="" aria-label="Jobs" class={shown.build.jobs.length > many ? 'many' : undefined}>
      {shown.build.jobs.map((job) => (
        <JobCard job={job} shown={shown} />
      ))}
    </section>
  );
}

/** Of many jobs, those that a reader looks for are open: what went wrong, what runs, and what was asked for. */
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
      <Attempts job={job} now={now} />
      <Steps job={job} summaryOf={shown.summaryOf} now={now} />
      {!single && <Act job={job} shown={shown} />}
    </details>
  );
}

/** Why it waits, as the runners are now; else what it came to. */
function stateNow(job: Job, { build, runners, needed, now }: Shown): string | undefined {
  const { status, needs, triesAgainAt } = job;
  if (status === 'waiting') return stateOf({ ...job, needs: stillNeeded(needs, build) });
  const pauses = triesAgainAt !== null && now < Date.parse(triesAgainAt);
  if (runners === undefined || status !== 'queued' || pauses) return stateOf(job);
  return `waits: ${whyItWaits({ ...job, status }, runners, needed)}`;
}

/** Of what a job needs that which is not over; a name may stand for the jobs of a matrix. */
function stillNeeded(needs: string[], { jobs }: Build): string[] {
  const open = jobs.filter(({ finishedAt }) => finishedAt === null).map(({ name }) => name);
  const left = needs.filter((need) => open.some((name) => name === need || name.startsWith(`${need} (`)));
  return left.length > 0 ? left : needs;
}

/** A single attempt that went as it should is no story; of one that is still to be due, the job itself tells. */
function Attempts({ job: { attempts, triesAgainAt }, now }: { job: Job; now: number }) {
  if (attempts.length < 2) return null;
  const isPaused = triesAgainAt !== null && now < Date.parse(triesAgainAt);
  return (
    <ol class="attempts">
      {attempts.slice(0, isPaused ? -1 : undefined).map((attempt, index) => (
        <li class={attempt.status}>
          <Words text={attemptStory(attempt, attempts[index + 1])} />
        </li>
      ))}
    </ol>
  );
}

/** What can be done about one job of several. */
function Act({ job, shown: { build, chosen, signedIn } }: { job: Job; shown: Shown }) {
  const over = isFinal(build.status);
  const act = over ? 'retry' : isFinal(job.status) ? undefined : 'cancel';
  return (
    <div class="acts">
      {job.id !== chosen && job.attempts.length > 0 && <a href={`?job=${job.id}#log`}>Show log</a>}
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
