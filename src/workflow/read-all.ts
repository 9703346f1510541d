import { checkCalls } from './calls.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { WorkflowFile } from './files.ts';
import { readWorkflow } from './read.ts';
import type { Workflow } from './workflow.ts';

export interface ReadWorkflows {
  /** the valid ones, by path */
  workflows: Workflow[];
  /** of all files */
  diagnostics: Diagnostic[];
}

/** Reads all workflow files of a commit, and checks what they have to do with each other. */
export function readWorkflows(files: readonly WorkflowFile[]): ReadWorkflows {
  const read = files.map(readWorkflow);
  const diagnostics = read.flatMap((file) => file.diagnostics);
  let workflows = read.flatMap(({ workflow }) => (workflow ? [workflow] : []));
  // a workflow that calls an invalid one is invalid too, and so on
  for (;;) {
    const all = new Map(workflows.map((workflow) => [workflow.path, workflow]));
    const problems = workflows.flatMap((workflow) => checkCalls(workflow, all));
    if (problems.length === 0) return { workflows, diagnostics };
    diagnostics.push(...problems);
    const invalid = new Set(problems.map(({ file }) => file));
    workflows = workflows.filter(({ path }) => !invalid.has(path));
  }
}
