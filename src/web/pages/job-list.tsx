import { counted } from '../../kernel/counted.ts';
import { type Build, isFinal, type Job, type Status } from '../../kernel/model.ts';
import { groupJobs, type JobGroup, valuesOf, worstStatus } from './job-groups.ts';
import { jobAddress } from './job-views.tsx';
import { StatusDot, Took } from './parts.tsx';

interface Shown {
  build: Build;
  /** id of the job that the page shows */
  chosen: string | undefined;
  now: number;
}

/** The jobs of a build, grouped by workflow and matrix, each a link that shows the job beside the list. */
export function JobList({ build, chosen, now }: Shown) {
  const workflows = groupJobs(build.jobs);
  return (
    <>
      <p class="faint">{countsOf(build.jobs)}</p>
      {workflows.map(({ workflow, groups }) => (
        <>
          {workflows.length > 1 && <h2>{workflow ?? 'Tests'}</h2>}
          <ul>
            {groups.map((group) => (
              <li>
                {group.jobs.length === 1 ? (
                  group.jobs.map((job) => <JobLink job={job} name={job.name} shown={{ build, chosen, now }} />)
                ) : (
                  <Matrix group={group} shown={{ build, chosen, now }} />
                )}
              </li>
            ))}
          </ul>
        </>
      ))}
    </>
  );
}

/** For example `2 failed, 1 running, 9 of 12 done`. */
function countsOf(jobs: readonly Job[]): string {
  const count = (...of: Status[]) => jobs.filter(({ status }) => of.includes(status)).length;
  const parts = [
    [count('failure', 'error'), 'failed'],
    [count('running'), 'running'],
    [count('queued', 'waiting'), 'waiting'],
  ] as const;
  const done = jobs.filter(({ status }) => isFinal(status)).length;
  const words = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  return [...words, done === jobs.length ? counted(jobs.length, 'job') : `${done} of ${jobs.length} done`].join(', ');
}

/** The jobs of a matrix; open where one of them wants attention or is shown. */
function Matrix({ group: { name, jobs }, shown }: { group: JobGroup; shown: Shown }) {
  const worst = worstStatus(jobs);
  const open = worst === 'failure' || worst === 'error' || jobs.some(({ id }) => id === shown.chosen);
  return (
    <details class="matrix" id={`matrix-${jobs[0]?.id}`} open={open} data-open={open ? '' : undefined}>
      <summary>
        <StatusDot status={worst} />
        <span class="name">{name}</span>
        <span class="number">{counted(jobs.length, 'job')}</span>
      </summary>
      <ul>
        {jobs.map((job) => (
          <li>
            <JobLink job={job} name={valuesOf(job)} shown={shown} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function JobLink({ job, name, shown: { chosen, now } }: { job: Job; name: string; shown: Shown }) {
  const current = job.id === chosen;
  return (
    <a
      class={job.status}
      href={jobAddress('list', job.id)}
      data-swap="job"
      aria-current={current ? 'true' : undefined}
      id={`job-${job.id}`}
    >
      <StatusDot status={job.status} />
      <span class="name">{name}</span>
      <span class="number">
        {job.startedAt !== null && <Took from={job.startedAt} to={job.finishedAt} now={now} />}
      </span>
    </a>
  );
}
