import { type Build, statusWords } from '../../kernel/model.ts';
import { duration } from '../../kernel/times.ts';
import { jobAddress } from './job-views.tsx';
import { axisOf, type TimeAxis } from './timeline-axis.ts';
import { type JobTimes, type Span, timesOf } from './timeline-layout.ts';

interface Shown {
  build: Build;
  /** id of the job that the page shows */
  chosen: string | undefined;
  now: number;
}

/** The jobs of a build on one axis of time: waiting, set-up and each step. */
export function Timeline({ build, chosen, now }: Shown) {
  const times = timesOf(build, now);
  const axis = axisOf(times);
  return (
    <div class="times">
      <span class="faint">{duration(axis.shown)} in all</span>
      <Marks axis={axis} from={times.from} />
      {times.jobs.map((one) => (
        <Row one={one} axis={axis} chosen={one.job.id === chosen} />
      ))}
      <p class="legend faint">
        <span class="key needs">waits for other jobs</span> <span class="key queued">waits for a runner</span>{' '}
        <span class="key setup">set-up</span> <span class="key step">steps</span>{' '}
        {axis.folded.length > 0 && (
          <span class="key folded">
            nothing ran for {axis.folded.map(({ from, to }) => duration(to - from)).join(', then for ')}
          </span>
        )}
      </p>
    </div>
  );
}

function Marks({ axis: { marks, place }, from }: { axis: TimeAxis; from: number }) {
  return (
    <svg class="axis" aria-hidden="true">
      {marks.map((at) => (
        <text x={percent(place(from + at))} y="12" text-anchor={at === 0 ? 'start' : 'middle'}>
          {duration(at)}
        </text>
      ))}
    </svg>
  );
}

function Row({ one: { job, spans }, axis, chosen }: { one: JobTimes; axis: TimeAxis; chosen: boolean }) {
  return (
    <a class="row" href={jobAddress('timeline', job.id)} data-swap="job" aria-current={chosen ? 'true' : undefined}>
      <span class="name">
        {job.name}
        <span class="hidden">{`: ${statusWords[job.status]}. ${spans.map(textOf).join(', ')}`}</span>
      </span>
      <svg aria-hidden="true">
        {axis.folded.map(({ from, to }) => (
          <line class="folded" x1={middleOf(axis, from, to)} x2={middleOf(axis, from, to)} y1="0" y2="100%" />
        ))}
        {spans.map((span) => (
          <Bar span={span} axis={axis} />
        ))}
      </svg>
    </a>
  );
}

function Bar({ span, axis }: { span: Span; axis: TimeAxis }) {
  const from = axis.place(span.from);
  return (
    <rect
      class={`${span.kind} ${span.status}`}
      x={percent(from)}
      width={percent(axis.place(span.to) - from)}
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

function middleOf({ place }: TimeAxis, from: number, to: number): string {
  return percent((place(from) + place(to)) / 2);
}

function percent(part: number): string {
  return `${(part * 100).toFixed(2)}%`;
}
