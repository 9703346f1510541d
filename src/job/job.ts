import { networkPasswords } from '../system/environment.ts';
import { workflowPlan } from '../workflow/plan.ts';
import type { ChosenImage } from './containers/chosen-image.ts';
import type { ImageSource, JobInput, JobResult } from './input-and-result.ts';
import type { JobContext, StepContext } from './job-context.ts';
import { MaskedOutput } from './masked-output.ts';
import { runTestJob } from './test-job.ts';
import { runWorkflowJob } from './workflow-job.ts';

/**
 * Runs one job from the checkout to its outcome. Never rejects: every error becomes the outcome, which says whether the
 * commit or Volt is at fault.
 */
export async function runJob(input: JobInput, { output, progress, ...context }: JobContext): Promise<JobResult> {
  const masked = new MaskedOutput({ output, progress });
  return masked.result(await run(input, context, masked));
}

async function run(input: JobInput, context: StepContext, masked: MaskedOutput): Promise<JobResult> {
  for (const password of networkPasswords(context.env)) masked.log.masker.add(password);
  if (input.pullRequest !== undefined) await masked.log.say(withheld);
  const { plan } = input;
  if (plan.kind === 'image') {
    const own: ChosenImage = { name: plan.image, why: reasons[plan.from] };
    return runTestJob(input, plan.plan, { context, own, masked });
  }
  if (plan.kind !== 'workflow') return runTestJob(input, plan, { context, masked });
  const parsed = workflowPlan.safeParse(plan);
  if (parsed.success) return runWorkflowJob(input, parsed.data, context, masked);
  const issue = parsed.error.issues[0];
  const message = `the plan of the job cannot be understood: ${issue?.path.join('.')}: ${issue?.message}`;
  const outcome = { status: 'error', reason: 'bad_message', message, exitCode: null } as const;
  return { outcome, begun: false, steps: [], outputs: {} };
}

/** What jobs of pull requests do not have, since anybody can make one. */
const withheld =
  'this is a pull request: the job gets no secrets, no credentials and no private network, and shares what it writes with no other ref';

/** Why a job without a workflow has its image. */
const reasons: Readonly<Record<ImageSource, string>> = {
  repository: 'the settings of the repository name it',
  file: '.volt.yml names it',
  person: '--image names it',
};
