import { type CalledRepository, keyOfCalled, parseCalled } from './called-file.ts';
import { checkCalls, type Known } from './calls.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { WorkflowFile } from './files.ts';
import { type ReadWorkflow, readWorkflow } from './read-workflow.ts';
import type { Workflow, WorkflowSource } from './workflow.ts';

export interface ReadWorkflows {
  /** valid workflows, by path */
  workflows: Workflow[];
  /** valid workflows of other repositories that these call */
  called: Workflow[];
  /** valid workflows that call an invalid or missing workflow of another repository; they end in an error if they run */
  broken: Workflow[];
  /** diagnostics of all files */
  diagnostics: Diagnostic[];
}

/**
 * Reads all workflow files of a commit and checks their calls.
 * @param called files that they call in other repositories; if absent, such calls are not checked
 */
export function readWorkflows(files: readonly WorkflowFile[], called?: readonly CalledRepository[]): ReadWorkflows {
  const own = files.map(readWorkflow);
  const other = new CalledFiles(called ?? []);
  const foreign = other.readFrom(own);
  const read = [...own, ...foreign];
  const diagnostics = read.flatMap((file) => file.diagnostics);
  const drafts = read.flatMap(({ draft }) => (draft ? [draft] : []));
  const broken = new Map<string, Workflow>();
  const known = byPath(read.flatMap(({ workflow, draft }) => workflow ?? draft ?? []));
  const rules = {
    counts: (path: string) => called !== undefined || !isForeign(path),
    missing: (path: string) => (isForeign(path) ? other.problemOf(path) : undefined),
    isElsewhere: (path: string) => isForeign(path) || broken.has(path),
  };
  // check the calls of invalid files too, but do not report calls of other invalid files
  const isReadable = (path: string) => known.has(path) || !files.some((file) => file.path === path);
  const readable: Known = { ...rules, workflows: known, counts: (path) => rules.counts(path) && isReadable(path) };
  diagnostics.push(...drafts.flatMap((draft) => checkCalls(draft, readable)));
  let workflows = read.flatMap(({ workflow }) => (workflow ? [workflow] : []));
  // a workflow that calls an invalid one is invalid as well, and so on
  for (;;) {
    const all: Known = { ...rules, workflows: byPath(workflows) };
    const problems = workflows.flatMap((workflow) => checkCalls(workflow, all));
    if (problems.length === 0) break;
    diagnostics.push(...problems);
    for (const workflow of workflows) {
      const own = problems.filter(({ file }) => file === workflow.path);
      if (own.length > 0 && own.every(({ elsewhere }) => elsewhere)) broken.set(workflow.path, workflow);
    }
    const invalid = new Set(problems.map(({ file }) => file));
    workflows = workflows.filter(({ path }) => !invalid.has(path));
  }
  return {
    workflows: workflows.filter(({ source }) => !source),
    called: workflows.filter(({ source }) => source),
    broken: [...broken.values()].filter(({ source }) => !source),
    diagnostics,
  };
}

function byPath(workflows: readonly Workflow[]): Map<string, Workflow> {
  return new Map(workflows.map((workflow) => [workflow.path, workflow]));
}

function isForeign(path: string): boolean {
  return parseCalled(path) !== undefined;
}

/** Files of other repositories; only called files are read. */
class CalledFiles {
  readonly #texts = new Map<string, { text: string | null; source: WorkflowSource }>();
  readonly #repositories: readonly CalledRepository[];

  constructor(repositories: readonly CalledRepository[]) {
    this.#repositories = repositories;
    for (const { repository, ref, sha, inherits, files } of repositories) {
      if (sha === null) continue;
      for (const { path, text } of files)
        this.#texts.set(keyOfCalled({ repository, ref, path }), { text, source: { repository, ref, sha, inherits } });
    }
  }

  /** Reads the files that the given workflows call, directly or through others. */
  readFrom(own: readonly ReadWorkflow[]): ReadWorkflow[] {
    const paths = new Set(own.flatMap(callsOf));
    const read: ReadWorkflow[] = [];
    // iterating over a set includes entries that are added during the loop
    for (const path of paths) {
      const found = this.#texts.get(path);
      if (typeof found?.text !== 'string') continue;
      const { workflow, draft, diagnostics } = readWorkflow({ path, text: found.text });
      const { source } = found;
      const one: ReadWorkflow = {
        ...(workflow && { workflow: { ...workflow, source } }),
        ...(draft && { draft: { ...draft, source } }),
        diagnostics: diagnostics.map((one) => ({ ...one, elsewhere: 'wrong' })),
      };
      read.push(one);
      for (const next of callsOf(one)) paths.add(next);
    }
    return read;
  }

  /** Why a file is missing. */
  problemOf(path: string): string | undefined {
    const found = this.#texts.get(path);
    if (found)
      return found.text === null ? 'the file is too large, alone or together with other called files' : undefined;
    const { repository, ref } = parseCalled(path) ?? { repository: '', ref: '' };
    const key = (one: { repository: string; ref: string }) => keyOfCalled({ ...one, path: '' });
    const known = this.#repositories.find((one) => key(one) === key({ repository, ref }));
    if (!known) return 'it was not fetched: the commit calls too many workflows of other repositories';
    return known.problem;
  }
}

function callsOf({ workflow, draft }: ReadWorkflow): string[] {
  return (workflow ?? draft)?.jobs.flatMap((job) => (job.kind === 'call' ? [job.uses] : [])) ?? [];
}
