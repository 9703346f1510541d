import type { Snapshot } from '../../git/snapshot.ts';
import type { Config } from '../../kernel/config.ts';
import { VoltError } from '../../kernel/errors.ts';
import type { Outcome } from '../../kernel/verdict.ts';
import { readWorkflows } from '../../workflow/commit-workflows.ts';
import { type Diagnostic, formatDiagnostic } from '../../workflow/diagnostics.ts';
import type { BuildEvent } from '../../workflow/event.ts';
import type { WorkflowFile } from '../../workflow/files.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import { readWithCalled } from './read-with-called.ts';
import { type SelectedWorkflows, selectWorkflows, type WorkflowSelection } from './workflow-selection.ts';

/** An invalid file as a failed job: as in a build, each is shown, and the other workflows run. */
export type InvalidFile = Outcome & { name: string };

export interface RunningWorkflows {
  event: BuildEvent;
  /** all of the checkout, since they call each other, and those of other repositories that they call */
  workflows: Workflow[];
  running: Workflow[];
}

/**
 * The workflows of a checkout that run.
 * @param checkout.url of the repository
 * @returns `chosen`: undefined if only invalid files may have been meant
 * @throws VoltError as `selectWorkflows`
 */
export async function runningWorkflows(
  config: Config,
  selection: WorkflowSelection,
  { files, tree, url }: { files: readonly WorkflowFile[]; tree: Snapshot; url: string },
): Promise<{ chosen: RunningWorkflows | undefined; invalid: InvalidFile[] }> {
  const { workflow: wanted } = selection;
  const unchecked = readWorkflows(files);
  const wrong = unchecked.diagnostics.filter(({ file }) => wanted === undefined || isNamed(files, file, wanted));
  const invalid = invalidFiles(wrong);
  if (wanted !== undefined && invalid.length > 0) return { chosen: undefined, invalid };
  const choice = selectIfValid(unchecked.workflows, selection, tree, invalid.length > 0);
  if (!choice) return { chosen: undefined, invalid };
  const read = await readWithCalled(config, { files, choice, url });
  const isRunning = (file: string) => choice.workflows.some(({ path }) => path === file);
  const missing = read.diagnostics.filter(({ file, elsewhere }) => elsewhere && isRunning(file));
  return {
    chosen: {
      event: choice.event,
      workflows: [...read.workflows, ...read.called],
      running: read.workflows.filter(({ path }) => isRunning(path)),
    },
    invalid: invalidFiles([...wrong, ...missing]),
  };
}

function isNamed(files: readonly WorkflowFile[], file: string, wanted: string): boolean {
  const path = wanted.replace(/^\.\//, '');
  return file === path || (file.endsWith(`/${path}`) && !files.some((other) => other.path === path));
}

function invalidFiles(diagnostics: readonly Diagnostic[]): InvalidFile[] {
  const invalid = diagnostics.filter(({ severity }) => severity === 'invalid');
  return [...new Set(invalid.map(({ file }) => file))].map((name) => {
    const message = invalid
      .filter(({ file }) => file === name)
      .map(formatDiagnostic)
      .join('\n');
    return { name, status: 'error', reason: 'invalid_workflow', message };
  });
}

/** @returns undefined if no valid workflow runs, but an invalid one may have been meant */
function selectIfValid(
  workflows: readonly Workflow[],
  selection: WorkflowSelection,
  tree: Snapshot,
  faulty: boolean,
): SelectedWorkflows | undefined {
  try {
    return selectWorkflows(workflows, selection, tree);
  } catch (error) {
    if (faulty && error instanceof VoltError && error.code === 'not_found') return undefined;
    throw error;
  }
}
