import type { Attempt, Build, Job, Step } from '../../kernel/model.ts';
import { StatusMark, Took } from './parts.tsx';
import { attemptStory, stateOf } from './sentences.ts';

/** The jobs of a build: each with what it waits for or came to, its attempts as a story, and its steps. */
export function Jobs({ build, chosen, now }: { build: Build; chosen: string | undefined; now: number }) {
  return (
    <section id="jobs" data-live="" aria-label="Jobs">
      {build.jobs.map((job) => (
        <JobCard job={job} chosen={job.id === chosen} single={build.jobs.length === 1} now={now} />
      ))}
    </section>
  );
}

function JobCard({ job, chosen, single, now }: { job: Job; chosen: boolean; single: boolean; now: number }) {
  const state = stateOf(job);
  return (
    <div class={chosen && !single ? 'job chosen' : 'job'}>
      <div class="head">
        <StatusMark status={job.status} />
        <h2>{chosen ? job.name : <a href={`?job=${job.id}`}>{job.name}</a>}</h2>
        {job.labels.map((label) => (
          <span class="label">{label}</span>
        ))}
        {job.startedAt !== null && (
          <span class="where">
            {job.runner !== null && <>on {job.runner} · </>}
            <Took from={job.startedAt} to={job.finishedAt} now={now} />
          </span>
        )}
      </div>
      {state !== undefined && !(single && job.finishedAt !== null) && <p class="state">{state}</p>}
      <Attempts attempts={job.attempts} />
      <Steps steps={job.steps} now={now} />
    </div>
  );
}

/** A single attempt that went as it should is no story. */
function Attempts({ attempts }: { attempts: Attempt[] }) {
  if (attempts.length < 2) return null;
  return (
    <ol class="attempts">
      {attempts.map((attempt, index) => (
        <li class={attempt.status}>{attemptStory(attempt, attempts[index + 1])}</li>
      ))}
    </ol>
  );
}

function Steps({ steps, now }: { steps: Step[]; now: number }) {
  if (steps.length === 0) return null;
  return (
    <table class="steps">
      <tbody>
        {steps.map((step) => (
          <tr>
            <td>
              <StatusMark status={step.status} />
            </td>
            <td class="step">{step.name}</td>
            <td class="faint">{step.exitCode !== null && step.exitCode !== 0 ? `exit code ${step.exitCode}` : ''}</td>
            <td class="number">
              <Took from={step.startedAt} to={step.finishedAt} now={now} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
