import { duration } from '../../kernel/times.ts';
import { type PastAttempt, timeLost } from '../../record/runner-history.ts';
import type { FleetMoment } from '../status/fleet-history.ts';
import { type Bar, Chart } from './chart.tsx';
import { countScale } from './chart-scale.ts';
import { Age, StatusMark } from './parts.tsx';

/** Charts of waiting jobs and busy slots in the last hour. */
export function FleetCharts({ moments }: { moments: readonly FleetMoment[] }) {
  const time = (at: number) => `${new Date(at).toISOString().slice(11, 19)} UTC`;
  const bars = (value: (moment: FleetMoment) => number | null, what: string, kind: string) =>
    moments.map((moment): Bar => {
      const is = value(moment);
      return {
        title: `${time(moment.at)}: ${is ?? 'unknown'} ${what}`,
        parts: is === null ? [] : [{ value: is, class: kind }],
      };
    });
  const labels = moments.map(({ at }) => time(at));
  const slots = Math.max(0, ...moments.map((moment) => moment.slots ?? 0));
  return (
    <div class="charts">
      <Chart
        title="Waiting jobs, last hour"
        bars={bars(({ waiting }) => waiting, 'waiting', 'wait')}
        scale={countScale}
        labels={labels}
      />
      <Chart
        title="Busy slots, last hour"
        bars={bars(({ busy }) => busy, 'busy', 'running')}
        scale={countScale}
        {...(slots > 0 ? { top: slots } : {})}
        labels={labels}
      />
    </div>
  );
}

/** Work that was lost with runners in the last `days` days. */
export function Losses({ lost, days, now }: { lost: PastAttempt[]; days: number; now: number }) {
  if (lost.length === 0) return <p class="faint">No runner was lost while it ran a job in the last {days} days.</p>;
  const sum = lost.reduce((total, attempt) => total + timeLost(attempt), 0);
  return (
    <>
      <p>
        {duration(sum)} of work in the last {days} days: {lost.length}{' '}
        {lost.length === 1 ? 'attempt lost its runner' : 'attempts lost their runner'}.
      </p>
      <PastAttempts attempts={lost.slice(0, 10)} now={now} withRunner />
    </>
  );
}

export function PastAttempts(props: { attempts: PastAttempt[]; now: number; withRunner?: boolean }) {
  const { attempts, now, withRunner = false } = props;
  return (
    <table class="cards">
      <tbody>
        {attempts.map((attempt) => (
          <tr>
            <td>
              <StatusMark status={attempt.status} />
            </td>
            <td class="name">
              <a href={`/builds/${attempt.build}?job=${attempt.job}&attempt=${attempt.attempt}#log`}>
                {attempt.repo}#{attempt.number}
              </a>{' '}
              {attempt.name}
            </td>
            <td class="faint">
              {attempt.lostAt !== null && `lost ${duration(timeLost(attempt))}`}
              {withRunner && attempt.runner !== null && ` on ${attempt.runner}`}
            </td>
            <td class="number" data-label="Duration">
              {attempt.startedAt !== null &&
                duration((attempt.lostAt ?? attempt.finishedAt ?? now) - attempt.startedAt)}
            </td>
            <td class="number" data-label="Started">
              {attempt.startedAt !== null && <Age time={new Date(attempt.startedAt).toISOString()} now={now} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
