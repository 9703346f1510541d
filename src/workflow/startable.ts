import type { StartableWorkflow, StartableWorkflows, WorkflowInput } from '../kernel/model/startable-shapes.ts';
import { readWorkflows } from './commit-workflows.ts';
import { formatDiagnostic } from './diagnostics.ts';
import type { WorkflowFile } from './files.ts';
import type { InputDefinition, Workflow } from './workflow.ts';

/** Inputs that one request may have. */
const mostInputs = 25;
/** Characters of the inputs of one workflow, and of everything, as JSON. */
const bounds = { workflow: 32_768, all: 262_144 };
const longestMessage = 1000;

/** The workflows of a commit that a person can start, with their inputs, and the files that are invalid. */
export function startableIn(files: readonly WorkflowFile[]): StartableWorkflows {
  const { workflows, diagnostics } = readWorkflows(files);
  const faults = diagnostics.filter(({ severity }) => severity === 'invalid');
  let size = 0;
  const fitting = (workflow: StartableWorkflow): StartableWorkflow => {
    const own = JSON.stringify(workflow.inputs).length;
    if ((workflow.inputs?.length ?? 0) > mostInputs || own > bounds.workflow || size + own > bounds.all)
      return { ...workflow, inputs: null };
    size += own;
    return workflow;
  };
  return {
    workflows: workflows.flatMap((workflow) => startableOf(workflow) ?? []).map(fitting),
    invalid: [...new Set(faults.map(({ file }) => file))].map((path) => {
      const [first] = faults.filter(({ file }) => file === path);
      return { path, message: first ? formatDiagnostic(first).slice(0, longestMessage) : '' };
    }),
  };
}

function startableOf({ path, name, on }: Workflow): StartableWorkflow | undefined {
  if (!on.workflow_dispatch) return undefined;
  return { path, name: name.slice(0, longestMessage), inputs: on.workflow_dispatch.inputs.map(shownInput) };
}

function shownInput(input: InputDefinition): WorkflowInput {
  const { name, type, required, description = null, options = null } = input;
  return {
    name,
    type,
    description,
    required,
    default: typeof input.default === 'string' ? input.default : null,
    options,
  };
}
