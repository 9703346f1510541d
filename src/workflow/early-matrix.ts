import { callInputs } from './call-inputs.ts';
import { evaluateValue } from './evaluate-value.ts';
import { evaluateText, type Scope } from './expression.ts';
import { type BuildGraph, contextsOf } from './job-contexts.ts';
import { expandMatrix } from './matrix.ts';
import type { Node } from './node.ts';
import type { Json, ValueTemplate } from './template.ts';
import { usesContext } from './used-contexts.ts';
import { isObject } from './values.ts';
import type { CallJob, Strategy, Workflow, WorkflowJob } from './workflow.ts';

/** What is known of the matrix of a job before any job has run. */
export interface EarlyMatrix {
  /** its values by key; if others come later, also some that it may exclude */
  values: { readonly [key: string]: readonly Json[] };
  /** the keys that may get other values later; `any` for every key */
  later: ReadonlySet<string> | 'any';
  /** ids of the jobs that must end before those are known */
  after: readonly string[];
}

/**
 * The matrices of jobs, and of those in the workflows that they call.
 * @param graph without states
 * @param jobs of the workflow
 */
export function earlyMatrices(
  graph: BuildGraph<never>,
  { path: file }: Workflow,
  jobs: readonly WorkflowJob[],
): EarlyMatrix[] {
  return matricesAt(graph, jobs, { node: { file, path: '' }, after: [], unknown: ['needs'] });
}

/** Where jobs are in the graph. */
interface Place {
  /** its path is empty or ends with a slash */
  node: Node;
  /** what the jobs that call them need */
  after: readonly string[];
  /** contexts that nothing is known of yet */
  unknown: readonly string[];
}

function matricesAt(graph: BuildGraph<never>, jobs: readonly WorkflowJob[], place: Place): EarlyMatrix[] {
  return jobs.flatMap((job) => {
    const node = { ...place.node, path: `${place.node.path}${job.id}` };
    const after = [...place.after, ...job.needs];
    const scope = { contexts: contextsOf(graph, node, []) };
    try {
      const own = job.strategy ? [{ ...matrixOf(job.strategy, scope, place.unknown), after }] : [];
      return job.kind === 'call' ? [...own, ...calledMatrices(graph, job, scope, { ...place, node, after })] : own;
    } catch {
      // the planner says what is wrong
      return [{ ...unknownMatrix, after }];
    }
  });
}

/** @throws Error for a call with wrong inputs */
function calledMatrices(
  graph: BuildGraph<never>,
  job: CallJob,
  scope: Scope,
  { node, after, unknown }: Place,
): EarlyMatrix[] {
  const called = graph.workflows.get(job.uses);
  const face = called?.on.workflow_call;
  if (!called || !face) throw new Error(`${job.uses} cannot be called`);
  // inputs may differ for each combination of the calling job
  const ofCells = [...unknown, 'matrix', 'strategy'];
  const areKnown = job.with.every(([, value]) => !usesContext(value, ofCells));
  const given = () => Object.fromEntries(job.with.map(([name, value]) => [name, evaluateValue(value, scope)]));
  const inputs = areKnown ? callInputs(face.inputs, given(), scope) : {};
  const call = { file: called.path, name: job.id, inputs, secrets: [] };
  const inside = { file: node.file, path: `${node.path}/`, calls: [...(node.calls ?? []), call] };
  return matricesAt(graph, called.jobs, {
    ...{ node: inside, after },
    unknown: areKnown ? ['needs'] : ['needs', 'inputs'],
  });
}

type Known = Omit<EarlyMatrix, 'after'>;

const unknownMatrix: Known = { values: {}, later: 'any' };

/** @throws Error for a wrong matrix */
function matrixOf({ whole, matrix }: Strategy, scope: Scope, unknown: readonly string[]): Known {
  const template = whole ?? matrix;
  if (template === undefined) return { values: {}, later: new Set() };
  if (usesContext(template, unknown)) return matrix === undefined ? unknownMatrix : partOf(matrix, scope, unknown);
  const value = evaluateValue(template, scope);
  const evaluated = whole === undefined ? value : isObject(value) ? value.matrix : undefined;
  if (evaluated === undefined) return { values: {}, later: new Set() };
  return { values: valuesIn(expandMatrix(evaluated).map((cell) => cell.matrix)), later: new Set() };
}

/** The keys of a matrix that are known, where others are not. */
function partOf(matrix: ValueTemplate, scope: Scope, unknown: readonly string[]): Known {
  if (matrix === null || typeof matrix !== 'object' || !('map' in matrix)) return unknownMatrix;
  const values: { [key: string]: Json[] } = {};
  const later = new Set<string>();
  for (const [name, entry] of matrix.map) {
    const isLater = usesContext(entry, unknown);
    if (name === null || usesContext({ text: name }, unknown)) return unknownMatrix;
    const key = evaluateText(name, scope);
    if (key === 'exclude') continue;
    // it may add any key
    if (key === 'include' && isLater) return unknownMatrix;
    if (isLater) later.add(key);
    else {
      const list = evaluateValue(entry, scope);
      if (!Array.isArray(list)) return unknownMatrix;
      const added = key === 'include' ? valuesIn(list.filter(isObject)) : { [key]: list };
      for (const [each, more] of Object.entries(added)) values[each] = [...(values[each] ?? []), ...more];
    }
  }
  return { values, later };
}

function valuesIn(cells: readonly { readonly [key: string]: Json }[]): { [key: string]: Json[] } {
  const values: { [key: string]: Json[] } = {};
  for (const [key, value] of cells.flatMap((cell) => Object.entries(cell)))
    values[key] = [...(values[key] ?? []), value];
  return values;
}
