import type { Build, Job } from '../../kernel/model.ts';

/** A part of a job's time, in milliseconds since 1970. */
export interface Span {
  kind: 'needs' | 'queued' | 'setup' | 'step' | 'attempt';
  /** what happened, for people */
  title: string;
  from: number;
  to: number;
  /** status of the step or the attempt */
  status: string;
}

export interface JobTimes {
  job: Job;
  spans: Span[];
}

/** The times of a build's jobs, on one axis from `from` to `to`. */
export interface BuildTimes {
  from: number;
  to: number;
  jobs: JobTimes[];
}

/**
 * What each job of a build did when: it waited for the jobs that it needs, waited for a runner, was set up, and ran its
 * steps. Of earlier attempts only their whole time is known.
 * @param now milliseconds since 1970, the end of what still runs
 */
export function timesOf(build: Build, now: number): BuildTimes {
  const jobs = build.jobs.map((job) => ({ job, spans: spansOf(job, build, now) }));
  const ends = jobs.flatMap(({ spans }) => spans.map(({ to }) => to));
  const from = Date.parse(build.createdAt);
  return { from, to: Math.max(from + 1, ...ends), jobs };
}

/** Milliseconds that the newest attempt of a job has waited for a runner before it started. */
export function waitForRunner(job: Job, build: Build): number {
  const start = Date.parse(job.attempts.at(-1)?.startedAt ?? '');
  const wait = spansOf(job, build, start).find(({ kind, to }) => kind === 'queued' && to === start);
  return wait ? wait.to - wait.from : 0;
}

function spansOf(job: Job, build: Build, now: number): Span[] {
  const retries = retriesOf(job, build);
  const spans: Span[] = [];
  /** What it waited for from then on, until it was to run at the end of that time. */
  const wait = (from: number, to: number, title: string) => {
    const last = lastNeeded(job, build, to);
    const ready = Math.max(from, last?.at ?? from);
    if (last) spans.push({ kind: 'needs', title: `waited for ${last.name}`, from, to: ready, status: '' });
    spans.push({ kind: 'queued', title, from: ready, to, status: '' });
  };
  let before = Date.parse(job.createdAt);
  for (const attempt of job.attempts) {
    if (attempt.startedAt === null) break;
    const from = Date.parse(attempt.startedAt);
    const to = attempt.finishedAt === null ? now : Date.parse(attempt.finishedAt);
    wait(Math.max(before, ...retries.filter((at) => at <= from)), from, 'waited for a runner');
    const isCurrent = attempt === job.attempts.at(-1);
    if (isCurrent && job.steps.some(({ startedAt }) => startedAt !== null)) spans.push(...stepsOf(job, from, to));
    else spans.push({ kind: 'attempt', title: `attempt ${attempt.number}`, from, to, status: attempt.status });
    before = to;
  }
  const asked = Math.max(before, ...retries);
  if (job.status === 'queued') wait(asked, now, 'waits for a runner');
  if (job.status === 'waiting') spans.push({ kind: 'needs', title: 'waits', from: asked, to: now, status: '' });
  return spans.filter(({ from, to }) => to > from);
}

/** When people have asked for a retry of a job: until then, it did not wait for a runner. */
function retriesOf(job: Job, { requests }: Build): number[] {
  return requests
    .filter(({ kind, job: of }) => kind === 'retry' && (of === null || of === job.id))
    .map(({ at }) => Date.parse(at));
}

function stepsOf(job: Job, from: number, to: number): Span[] {
  const steps = job.steps.flatMap(({ name, status, startedAt, finishedAt }): Span[] => {
    if (startedAt === null) return [];
    return [
      {
        kind: 'step',
        title: name,
        from: Date.parse(startedAt),
        to: finishedAt === null ? to : Date.parse(finishedAt),
        status,
      },
    ];
  });
  return [{ kind: 'setup', title: 'set-up', from, to: steps[0]?.from ?? to, status: '' }, ...steps];
}

/** The needed job that had ended last by a time; undefined if none had. A needed job that was retried has ended several times. */
function lastNeeded(job: Job, { jobs }: Build, by: number): { name: string; at: number } | undefined {
  return jobs
    .filter(
      ({ name, workflow }) =>
        workflow === job.workflow && job.needs.some((need) => name === need || name.startsWith(`${need} (`)),
    )
    .flatMap(({ name, finishedAt, attempts }) =>
      [finishedAt, ...attempts.map((attempt) => attempt.finishedAt)].flatMap((end) =>
        end === null || Date.parse(end) > by ? [] : [{ name, at: Date.parse(end) }],
      ),
    )
    .sort((a, b) => b.at - a.at)[0];
}
