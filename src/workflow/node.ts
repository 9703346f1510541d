import { type FinalStatus, isFinal, type Status } from '../kernel/model.ts';
import type { SecretNaming } from './call-secrets.ts';
import type { Json } from './template.ts';

/**
 * A place in the graph of a build's workflows: a job as its file has it; once its needs are met, one combination of its
 * matrix; and where it calls a workflow, each job of that. It is stored with the job as JSON.
 */
export interface Node {
  /** file of the workflow that runs */
  file: string;
  /**
   * Ids from there on, with the number of the combination where there is a matrix: `test`, `test#3`, `call#0/inner`.
   * Unique in the build together with the file.
   */
  path: string;
  /** set once the matrix is expanded */
  cell?: Cell;
  /** of a job of a called workflow: the calls that lead to it, outermost first */
  calls?: Call[];
}

export interface Cell {
  index: number;
  total: number;
  matrix: { [key: string]: Json };
  /** what tells it from the others, for its name */
  label: string;
  failFast: boolean;
  /** how many of the matrix may run at once */
  maxParallel: number;
}

export interface Call {
  /** file of the called workflow */
  file: string;
  /** name of the calling job, which goes before the names of the called ones */
  name: string;
  inputs: { [name: string]: Json };
  /** the combination of the calling job's matrix, where it has one */
  cell?: Pick<Cell, 'failFast' | 'maxParallel' | 'total'>;
  /** how each call on the way names secrets, outermost first */
  secrets: SecretNaming[];
}

/** A job of the build as the planner sees it. */
export interface NodeState<Id> {
  id: Id;
  node: Node;
  name: string;
  status: Status;
  /** it is to end: nothing is planned of it any more */
  unwanted?: boolean;
  /** a failure of it counts as success for others and for the build */
  continueOnError: boolean;
  outputs: { [name: string]: string };
}

/** The call that a path is inside of: one "/" is one call. */
export function callOf({ path, calls }: Node): Call | undefined {
  return calls?.[path.split('/').length - 2];
}

/** The job that calls the workflow which a job is of. */
export function callingNode(node: Node): Node | undefined {
  const prefix = prefixOf(node.path);
  return prefix === '' ? undefined : { ...node, path: prefix.slice(0, -1) };
}

/** The part of a path that leads to the workflow which a job is of: empty, or with a "/" at its end. */
function prefixOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** Id of a job in its file. */
export function keyOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/#\d+$/, '');
}

/** The states that a job of a workflow stands for: itself, its combinations, and the jobs of what it calls. */
export function statesOf<Id>(
  states: readonly NodeState<Id>[],
  { file, path }: Node,
  key: string,
): readonly NodeState<Id>[] {
  const whole = `${prefixOf(path)}${key}`;
  return states.filter(({ node }) => {
    if (node.file !== file || !node.path.startsWith(whole)) return false;
    const next = node.path.charAt(whole.length);
    return next === '' || next === '#' || next === '/';
  });
}

export type Result = 'success' | 'failure' | 'cancelled' | 'skipped';

/** What jobs came to together, as `needs.<id>.result` has it; undefined while one of them is open. */
export function resultOf<Id>(states: readonly NodeState<Id>[]): Result | undefined {
  const results: Result[] = [];
  for (const { status, continueOnError } of states) {
    if (!isFinal(status)) return undefined;
    results.push(oneResult(status, continueOnError));
  }
  for (const result of ['failure', 'cancelled', 'success'] as const) if (results.includes(result)) return result;
  return 'skipped';
}

function oneResult(status: FinalStatus, continueOnError: boolean): Result {
  if (status === 'failure' || status === 'error') return continueOnError ? 'success' : 'failure';
  return status;
}
