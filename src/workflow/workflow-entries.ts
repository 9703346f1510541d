import type { WorkflowPlan } from './plan.ts';

/**
 * The entries of the `job` context that name the file that a job is in, for a called workflow its own.
 * @param sha the commit that the job runs
 */
export function workflowEntries({ contexts, workflow }: Pick<WorkflowPlan, 'contexts' | 'workflow'>, sha: string) {
  const { github } = contexts;
  const { source, path, called = path } = workflow;
  const repository = source?.repository ?? String(github.repository ?? '');
  const file = source?.path ?? called;
  return {
    workflow_ref: `${repository}/${file}@${source?.ref ?? github.ref}`,
    workflow_sha: source?.sha ?? sha,
    workflow_repository: repository,
    workflow_file_path: file,
  };
}
