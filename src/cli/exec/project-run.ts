import pLimit from 'p-limit';
import type { Decision, ProjectJob } from '../../job/discovery/decide.ts';
import { inImage } from '../../job/discovery/project-plan.ts';
import type { JobInput } from '../../job/input-and-result.ts';
import { VoltError } from '../../kernel/errors.ts';
import { type Outcome, verdictOf } from '../../kernel/verdict.ts';
import type { ExecView } from './events.ts';
import type { JobRunner } from './job-runner.ts';

/** What a run of discovered tests needs beside them. */
export interface ProjectRunOptions {
  /** names of the jobs that a person wants; all where there are none */
  wanted: readonly string[];
  slots: number;
  /** labels of a runner on this machine */
  ownLabels: ReadonlySet<string>;
  /** minutes that a job may take where `.volt.yml` says nothing */
  timeout: number;
  /** that the person names, instead of that of `.volt.yml` */
  image: string | undefined;
}

/** The jobs that a person wants. @throws VoltError `not_found` */
export function selectProjects(jobs: readonly ProjectJob[], wanted: readonly string[]): readonly ProjectJob[] {
  const unknown = wanted.find((name) => jobs.every((job) => job.name !== name));
  if (unknown !== undefined) {
    throw new VoltError('not_found', `there is no job "${unknown}"`, {
      remedy: `The jobs are: ${jobs.map(({ name }) => name).join(', ')}.`,
    });
  }
  return wanted.length === 0 ? jobs : jobs.filter(({ name }) => wanted.includes(name));
}

export async function runProjects(
  jobs: readonly ProjectJob[],
  input: Omit<JobInput, 'plan'>,
  runner: JobRunner,
  { slots, ownLabels, timeout, image }: Omit<ProjectRunOptions, 'wanted'>,
): Promise<Outcome> {
  const limit = pLimit(slots);
  const results = await Promise.all(
    jobs.map((job, index) =>
      limit(async () => {
        const { name, plan, labels } = job;
        const missingLabels = labels.filter((label) => !ownLabels.has(label));
        const shown = { id: index + 1, name, workflow: null, missingLabels };
        const asked = { ...input, labels, plan: inImage(plan, { person: image, file: job.image }) };
        const { outcome } = await runner.run(shown, asked, job.timeout ?? timeout);
        return { name, ...outcome };
      }),
    ),
  );
  return verdictOf(results);
}

/** Shows why nothing runs, as a job that has ended. */
export function showProblem(view: ExecView, { reason, message }: Extract<Decision, { kind: 'error' }>): Outcome {
  const ended = { status: 'error', reason, message } as const;
  view.take({ kind: 'job', job: 1, name: 'test', workflow: null, ...ended, outputs: {} });
  return ended;
}
