import { duration } from '../../kernel/times.ts';
import { type PastAttempt, timeLost } from '../../record/runner-history.ts';
import { Age, StatusMark } from './parts.tsx';
import { type Column, Table } from './table.tsx';

/** Work that was lost with runners in the last `days` days. */
export function Losses({ lost, days, now }: { lost: PastAttempt[]; days: number; now: number }) {
  if (lost.length === 0) return <p class="faint">No runner was lost while it ran a job in the last {days} days.</p>;
  const sum = lost.reduce((total, attempt) => total + timeLost(attempt), 0);
  const runner: Column<PastAttempt> = {
    head: 'Runner',
    cell: ({ runner }) => runner !== null && <a href={`/runners/${encodeURIComponent(runner)}`}>{runner}</a>,
  };
  return (
    <>
      <p>
        {duration(sum)} of work in the last {days} days: {lost.length}{' '}
        {lost.length === 1 ? 'attempt lost its runner' : 'attempts lost their runner'}.
      </p>
      <PastAttempts attempts={lost.slice(0, 10)} now={now} more={[runner]} />
    </>
  );
}

interface Shown {
  attempts: PastAttempt[];
  now: number;
  /** further columns */
  more?: readonly Column<PastAttempt>[];
}

/** Ended attempts of jobs. */
export function PastAttempts({ attempts, now, more = [] }: Shown) {
  return (
    <Table
      class="cards"
      rows={attempts}
      columns={[
        { head: 'Job', class: 'name', cell: (attempt) => <JobLink {...attempt} /> },
        { head: 'Result', cell: (attempt) => <Result attempt={attempt} /> },
        ...more,
        {
          head: 'Duration',
          class: 'number',
          cell: ({ startedAt, lostAt, finishedAt }) =>
            startedAt !== null && duration((lostAt ?? finishedAt ?? now) - startedAt),
        },
        {
          head: 'Started',
          class: 'number',
          cell: ({ startedAt }) => startedAt !== null && <Age time={new Date(startedAt).toISOString()} now={now} />,
        },
      ]}
    />
  );
}

function Result({ attempt }: { attempt: PastAttempt }) {
  if (attempt.lostAt === null) return <StatusMark status={attempt.status} />;
  return (
    <>
      <StatusMark status={attempt.status} /> <span class="faint">lost {duration(timeLost(attempt))}</span>
    </>
  );
}

/** A job with its build, and a link to it. */
export function JobLink(job: Pick<PastAttempt, 'build' | 'job' | 'repo' | 'number' | 'name'> & { attempt?: number }) {
  const query = new URLSearchParams({ job: job.job, ...(job.attempt && { attempt: String(job.attempt) }) });
  return (
    <a href={`/builds/${job.build}?${query}${job.attempt ? '#log' : ''}`}>
      {job.repo}#{job.number} {job.name}
    </a>
  );
}
