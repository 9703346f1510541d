import type { JobStatistics } from '../../../kernel/model/statistics-shapes.ts';
import { duration } from '../../../kernel/times.ts';
import { Table } from '../table.tsx';

/** The jobs that take longest, each with a bar of its median and its 95th percentile, and a line of its newest runs. */
export function JobTimes({ jobs }: { jobs: readonly JobStatistics[] }) {
  if (jobs.length === 0) return null;
  const longest = Math.max(...jobs.map((job) => job.duration.p95), 1);
  const several = new Set(jobs.map(({ workflow }) => workflow)).size > 1;
  return (
    <section class="job-times">
      <h2>Duration by job</h2>
      <Table
        class="cards"
        rows={jobs}
        columns={[
          {
            head: 'Job',
            class: 'name',
            cell: ({ name, workflow }) => <JobName name={name} of={several ? workflow : null} />,
          },
          { head: 'Runs', class: 'number', cell: ({ runs }) => String(runs) },
          { head: 'Failed', class: 'number', cell: ({ runs, failed }) => `${Math.round((100 * failed) / runs)} %` },
          { head: 'Median', class: 'number', cell: (job) => duration(job.duration.p50) },
          { head: 'p95', class: 'number', cell: (job) => duration(job.duration.p95) },
          { head: 'Duration', class: 'commit', label: false, cell: (job) => <TimeBar of={job} longest={longest} /> },
          { head: 'Newest runs', class: 'trend', label: false, cell: ({ newest }) => <TimeLine times={newest} /> },
        ]}
      />
    </section>
  );
}

function JobName({ name, of }: { name: string; of: string | null }) {
  return (
    <>
      {name}
      {of !== null && <span class="by">{of}</span>}
    </>
  );
}

function TimeBar({ of: { duration: times }, longest }: { of: JobStatistics; longest: number }) {
  const share = (ms: number) => `${Math.round((1000 * ms) / longest) / 10}%`;
  return (
    <svg class="time-bar" aria-hidden="true">
      <rect class="took most" width={share(times.p95)} height="100%" />
      <rect class="took" width={share(times.p50)} height="100%" />
    </svg>
  );
}

/** How long the newest runs took, as a line from the oldest to the newest; its height is the longest of them. */
function TimeLine({ times }: { times: readonly number[] }) {
  const longest = Math.max(...times, 1);
  const heights = times.length === 1 ? [...times, ...times] : times;
  const points = heights.map((ms, index) => `${index},${Math.round((1000 * (longest - ms)) / longest) / 10}`);
  return (
    <svg class="time-line" aria-hidden="true" viewBox={`0 0 ${heights.length - 1} 100`} preserveAspectRatio="none">
      <polyline points={points.join(' ')} />
    </svg>
  );
}
