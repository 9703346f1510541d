import type { WorkflowPlan } from './plan.ts';

/**
 * The entries of the `job` context that name the file of a job's workflow: that of the build, or a called one of another repository.
 * @param sha the commit that the job runs
 */
export function workflowEntries({ contexts, workflow }: Pick<WorkflowPlan, 'contexts' | 'workflow'>, sha: string) {
  const { github } = contexts;
  const { source, path } = workflow;
  const repository = source?.repository ?? String(github.repository ?? '');
  const file = source?.path ?? path;
  return {
    workflow_ref: `${repository}/${file}@${source?.ref ?? github.ref}`,
    workflow_sha: source?.sha ?? sha,
    workflow_repository: repository,
    workflow_file_path: file,
  };
}
