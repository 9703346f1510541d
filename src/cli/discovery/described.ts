import type { DecidedCommit } from './decided-commit.ts';
import { missingPrograms } from './missing-programs.ts';

/** What `volt discover` shows of a commit. */
export function described({ decision, tree, workflows, shown }: DecidedCommit & { shown: string }) {
  const jobs = decision.kind === 'jobs' ? decision.jobs : [];
  return {
    repository: shown,
    /** workflow files, which say what runs where there are no jobs here */
    workflows,
    jobs: jobs.map(({ name, plan: { project, env, reports }, image, labels, timeout }) => ({
      name,
      kind: project.kind,
      folder: project.folder,
      because: project.because,
      why: project.why,
      steps: project.steps.map((step) => ({
        name: step.name,
        command: step.command,
        folder: step.inRoot ? '' : project.folder,
      })),
      env,
      reports: [...project.reports, ...reports],
      tools: project.tools,
      /** container image of `.volt.yml`; null for the machine of the runner */
      image: image ?? null,
      labels,
      /** minutes; null for those of the runner's settings */
      timeout: timeout ?? null,
      /** programs that this machine does not have; what an image has is seen when a job runs */
      missing: image === undefined ? missingPrograms(project, tree) : [],
    })),
    /** sentences about the choice, and about what was passed over */
    notes: jobs[0]?.plan.notes ?? [],
    problem: decision.kind === 'error' ? { reason: decision.reason, message: decision.message } : null,
  };
}
