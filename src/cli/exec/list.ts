import { readWorkflows } from '../../workflow/commit-workflows.ts';
import { sourceOf } from '../../workflow/template.ts';
import type { Triggers } from '../../workflow/workflow.ts';
import { printTable } from '../table.ts';
import { plain, print, printJson } from '../terminal.ts';
import { findWorkflowFiles } from './find-workflow-files.ts';
import { stepTitle } from './step-selection.ts';
import { findWorkflow, noWorkflow } from './workflow-selection.ts';

/**
 * Prints the jobs in the workflow files of a checkout, or in one of them.
 * @throws VoltError `not_found`
 */
export async function listJobs(root: string, wanted: string | undefined, asJson: boolean): Promise<void> {
  const { files, workflow } = findWorkflowFiles(root, wanted);
  const read = readWorkflows(files).workflows;
  const found = workflow === undefined ? undefined : findWorkflow(read, workflow);
  if (workflow !== undefined && !found) throw noWorkflow(workflow, read);
  const workflows = found ? [found] : read;
  const listed = workflows.map(({ path, name, on, jobs }) => ({
    ...{ path, name, events: eventsOf(on) },
    jobs: jobs.map((job) => ({
      id: job.id,
      name: job.name === undefined ? job.id : sourceOf(job.name),
      needs: job.needs,
      matrix: job.strategy?.matrix !== undefined,
      ...(job.kind === 'call' ? { calls: job.uses } : { steps: job.steps.map(stepTitle) }),
    })),
  }));
  if (asJson) {
    printJson({ workflows: listed });
    return;
  }
  if (listed.length === 0)
    print('There are no workflow files: volt exec runs the discovered tests, which volt discover shows.');
  else await printTable(['WORKFLOW', 'EVENTS', 'JOB', 'NAME', 'NEEDS'], listed.flatMap(rowsOf));
}

function rowsOf({
  path,
  events,
  jobs,
}: {
  path: string;
  events: string[];
  jobs: { id: string; name: string; needs: string[]; matrix: boolean }[];
}): string[][] {
  return jobs.map(({ id, name, needs, matrix }, index) =>
    [
      ...(index === 0 ? [path, events.join(', ')] : ['', '']),
      ...[id, `${name === id ? '' : name}${matrix ? ' (matrix)' : ''}`.trim(), needs.join(', ')],
    ].map(plain),
  );
}

function eventsOf({ others, ...own }: Triggers): string[] {
  return [...Object.keys(own), ...others.map(({ event }) => event)];
}
