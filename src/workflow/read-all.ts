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
  const drafts = read.flatMap(({ draft }) => (draft ? [draft] : []));
  const known = new Map(
    read.flatMap(({ workflow, draft }) => [workflow ?? draft ?? []].flat()).map((one) => [one.path, one]),
  );
  // whoever mends an invalid file wants to know at once what its calls lack, but not what else is still to be mended
  const readable = (path: string) => known.has(path) || !files.some((file) => file.path === path);
  diagnostics.push(...drafts.flatMap((draft) => checkCalls(draft, known, readable)));
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
