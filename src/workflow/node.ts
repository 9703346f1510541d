import { type FinalStatus, isFinal, type Status } from '../kernel/model.ts';
import type { SecretNaming } from './call-secrets.ts';
import { narrowed, type Permissions } from './permissions.ts';
import type { Json } from './template.ts';
import type { Workflow, WorkflowJob } from './workflow.ts';

/**
 * A node in the graph of a build's workflows: first a job as in its file; when its needs are met, one combination of its
 * matrix; and if it calls a workflow, one job of that. It is stored with the job as JSON.
 */
export interface Node {
  /** file of the workflow that runs */
  file: string;
  /**
   * Ids of jobs from the workflow on, with the number of the combination if there is a matrix: `test`, `test#3`,
   * `call#0/inner`. Unique in the build together with the file.
   */
  path: string;
  /** set once the matrix is expanded */
  cell?: Cell;
  /** for a job of a called workflow: the calls that lead to it, outermost first */
  calls?: Call[];
}

export interface Cell {
  index: number;
  total: number;
  matrix: { [key: string]: Json };
  /** its values, for the name of the job */
  label: string;
  failFast: boolean;
  /** the most jobs of the matrix that run at the same time */
  maxParallel: number;
}

export interface Call {
  /** file of the called workflow */
  file: string;
  /** name of the calling job, which is prefixed to the names of the called jobs */
  name: string;
  inputs: { [name: string]: Json };
  /** the combination of the calling job's matrix, if it has one */
  cell?: Pick<Cell, 'failFast' | 'maxParallel' | 'total'>;
  /** how each call passes secrets on, outermost first */
  secrets: SecretNaming[];
  /** of the calling job; absent where none are named */
  permissions?: Permissions;
}

/** The state of a job of the build, for the planner. */
export interface NodeState<Id> {
  id: Id;
  node: Node;
  name: string;
  status: Status;
  /** it is being cancelled, so the planner ignores it */
  unwanted?: boolean;
  /** its failure counts as success for other jobs and for the build */
  continueOnError: boolean;
  outputs: { [name: string]: string };
}

/** The innermost call that contains a node; each "/" in a path is one call. */
export function callOf({ path, calls }: Node): Call | undefined {
  return calls?.[path.split('/').length - 2];
}

/** The permissions of a job; undefined where neither it nor what is around it names any. */
export function permissionsOf(
  node: Node,
  { permissions: ofWorkflow }: Pick<Workflow, 'permissions'>,
  { permissions: own = ofWorkflow }: Pick<WorkflowJob, 'permissions'>,
): Permissions | undefined {
  const call = callOf(node);
  return call ? narrowed(call.permissions, own) : own;
}

/**
 * Whether a job's token may do no more than what jobs usually may: it is of a called workflow, and around the outermost call no
 * permissions are named.
 */
export function isWithinUsual(node: Node): boolean {
  return callOf(node) !== undefined && node.calls?.[0]?.permissions === undefined;
}

/** The job that calls the workflow of a job. */
export function callingNode(node: Node): Node | undefined {
  const prefix = prefixOf(node.path);
  return prefix === '' ? undefined : { ...node, path: prefix.slice(0, -1) };
}

/** The prefix of a path that leads to the workflow of a job: empty, or ending with "/". */
function prefixOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** The id of a job in its file. */
export function keyOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/#\d+$/, '');
}

/** The states of a job of a workflow: itself, or its combinations and the jobs of the workflow that it calls. */
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

/** The common result of jobs, for `needs.<id>.result`; undefined while one of them is open. */
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
