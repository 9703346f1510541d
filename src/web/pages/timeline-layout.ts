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

function spansOf(job: Job, build: Build, now: number): Span[] {
  const created = Date.parse(job.createdAt);
  const last = lastNeeded(job, build);
  const ready = Math.max(created, last?.at ?? created);
  const spans: Span[] = [];
  if (last && ready > created)
    spans.push({ kind: 'needs', title: `waited for ${last.name}`, from: created, to: ready, status: '' });
  const retries = retriesOf(job, build);
  let before = ready;
  for (const attempt of job.attempts) {
    if (attempt.startedAt === null) break;
    const from = Date.parse(attempt.startedAt);
    const to = attempt.finishedAt === null ? now : Date.parse(attempt.finishedAt);
    const asked = Math.max(before, ...retries.filter((at) => at <= from));
    spans.push({ kind: 'queued', title: 'waited for a runner', from: asked, to: from, status: '' });
    const isCurrent = attempt === job.attempts.at(-1);
    if (isCurrent && job.steps.some(({ startedAt }) => startedAt !== null)) spans.push(...stepsOf(job, from, to));
    else spans.push({ kind: 'attempt', title: `attempt ${attempt.number}`, from, to, status: attempt.status });
    before = to;
  }
  if (job.status === 'queued')
    spans.push({
      kind: 'queued',
      title: 'waits for a runner',
      from: Math.max(before, ...retries),
      to: now,
      status: '',
    });
  if (job.status === 'waiting') spans.push({ kind: 'needs', title: 'waits', from: before, to: now, status: '' });
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

/** The needed job that ended last; undefined if none has ended. */
function lastNeeded(job: Job, { jobs }: Build): { name: string; at: number } | undefined {
  return jobs
    .filter(
      ({ name, workflow }) =>
        workflow === job.workflow && job.needs.some((need) => name === need || name.startsWith(`${need} (`)),
    )
    .flatMap(({ name, finishedAt }) => (finishedAt === null ? [] : [{ name, at: Date.parse(finishedAt) }]))
    .sort((a, b) => b.at - a.at)[0];
}
