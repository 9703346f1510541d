import { type Build, statusWords } from '../../kernel/model.ts';
import { duration } from '../../kernel/times.ts';
import { jobAddress } from './job-views.tsx';
import { type BuildTimes, type JobTimes, type Span, timesOf } from './timeline-layout.ts';

/** The most marks on the axis of time. */
const mostTicks = 6;

interface Shown {
  build: Build;
  /** id of the job that the page shows */
  chosen: string | undefined;
  now: number;
}

/** The jobs of a build on one axis of time: waiting, set-up and each step. */
export function Timeline({ build, chosen, now }: Shown) {
  const times = timesOf(build, now);
  return (
    <div class="times">
      <span class="faint">{duration(times.to - times.from)}</span>
      <Axis times={times} />
      {times.jobs.map((one) => (
        <Row one={one} times={times} chosen={one.job.id === chosen} />
      ))}
      <p class="legend faint">
        <span class="key needs">waits for other jobs</span> <span class="key queued">waits for a runner</span>{' '}
        <span class="key setup">set-up</span> <span class="key step">steps</span>
      </p>
    </div>
  );
}

function Axis({ times }: { times: BuildTimes }) {
  const step = tickOf(times.to - times.from);
  const ticks = Array.from({ length: Math.floor((times.to - times.from) / step) + 1 }, (_, index) => index * step);
  return (
    <svg class="axis" aria-hidden="true">
      {ticks.map((at) => (
        <text x={percent(at / (times.to - times.from))} y="12" text-anchor={at === 0 ? 'start' : 'middle'}>
          {duration(at)}
        </text>
      ))}
    </svg>
  );
}

function Row({ one: { job, spans }, times, chosen }: { one: JobTimes; times: BuildTimes; chosen: boolean }) {
  return (
    <a class="row" href={jobAddress('timeline', job.id)} data-swap="job" aria-current={chosen ? 'true' : undefined}>
      <span class="name">
        {job.name}
        <span class="hidden">{`: ${statusWords[job.status]}. ${spans.map(textOf).join(', ')}`}</span>
      </span>
      <svg aria-hidden="true">
        {spans.map((span) => (
          <Bar span={span} times={times} />
        ))}
      </svg>
    </a>
  );
}

function Bar({ span, times }: { span: Span; times: BuildTimes }) {
  const whole = times.to - times.from;
  return (
    <rect
      class={`${span.kind} ${span.status}`}
      x={percent(Math.max(0, span.from - times.from) / whole)}
      width={percent((span.to - span.from) / whole)}
      y={span.kind === 'needs' || span.kind === 'queued' ? '9' : '3'}
      height={span.kind === 'needs' || span.kind === 'queued' ? '4' : '16'}
    >
      <title>{textOf(span)}</title>
    </rect>
  );
}

function textOf({ title, from, to }: Span): string {
  return `${title}: ${duration(to - from)}`;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(2)}%`;
}

/** Milliseconds between two marks: 1, 2 or 5 times a power of ten of seconds, or such a number of minutes. */
function tickOf(whole: number): number {
  for (const unit of [1, 1000, 60_000, 3_600_000])
    for (const times of [1, 2, 5, 10, 20, 30]) if (whole / (unit * times) <= mostTicks) return unit * times;
  return 24 * 3_600_000;
}
