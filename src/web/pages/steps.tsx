import { raw } from 'hono/html';
import type { Job, Step } from '../../kernel/model.ts';
import type { StepLines } from '../logs/step-lines.ts';
import type { ShownSummary } from '../summaries/summaries.ts';
import { type Annotated, Annotations } from './annotations.tsx';
import { StatusMark, Took } from './parts.tsx';

/** Renders the summary of a step. */
export type ShowSummary = (text: string) => ShownSummary;

/**
 * The steps of a job, each with its duration, annotations and summary. With scripts, the log has the headings of the steps,
 * and the script takes them from here.
 */
export function Steps({
  job,
  lines,
  annotated,
  summaryOf,
  now,
}: {
  job: Job;
  /** where the output of each step is in the log that the page shows; empty if it shows another attempt's */
  lines: readonly (StepLines | null)[];
  annotated: Annotated;
  summaryOf: ShowSummary;
  now: number;
}) {
  if (job.steps.length === 0) return null;
  return (
    <ol class="steps">
      {job.steps.map((step, index) => (
        <li
          class={step.status}
          data-status={step.status}
          data-first={lines[index]?.first}
          data-end={lines[index]?.end ?? undefined}
        >
          <StepLine job={job} step={step} now={now} />
          <Annotations annotations={step.annotations} annotated={annotated} />
          <Summary step={step} id={`summary-${job.id}-${index}`} summaryOf={summaryOf} />
        </li>
      ))}
    </ol>
  );
}

function StepLine({ job, step, now }: { job: Job; step: Step; now: number }) {
  const attempt = job.attempts.at(-1)?.number ?? 1;
  const failed = step.outcome !== null && step.outcome !== step.status;
  return (
    <div class="step-line">
      <StatusMark status={step.status} />
      <span class="step">{step.name}</span>
      <span class="faint">
        {step.exitCode !== null && step.exitCode !== 0 && <>exit code {step.exitCode}</>}
        {failed && <>{step.exitCode ? ', ' : ''}failed (continue-on-error)</>}
      </span>
      {step.logStart !== null && step.logEnd !== step.logStart && (
        <a
          class="quiet"
          href={`?job=${job.id}&attempt=${attempt}&at=${step.logStart}#log`}
          data-swap="log"
          aria-label={`log of ${step.name}`}
        >
          log
        </a>
      )}
      <span class="number">
        <Took from={step.startedAt} to={step.finishedAt} now={now} />
      </span>
    </div>
  );
}

function Summary({ step, id, summaryOf }: { step: Step; id: string; summaryOf: ShowSummary }) {
  if (step.summary === null || step.summary.trim() === '') return null;
  const shown = summaryOf(step.summary);
  return (
    <details class="summary" id={id} open data-open="">
      <summary>Summary{step.name === 'Summary' ? '' : `: ${step.name}`}</summary>
      {'html' in shown ? (
        <div class="prose">{raw(shown.html)}</div>
      ) : (
        <>
          {shown.why !== undefined && <p class="faint">{shown.why}</p>}
          <pre>{shown.text}</pre>
        </>
      )}
    </details>
  );
}
