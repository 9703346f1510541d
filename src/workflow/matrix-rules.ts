import { isFinal } from '../kernel/model.ts';
import { type Cell, type Node, type NodeState, resultOf } from './node.ts';

/**
 * `max-parallel` and `fail-fast` of a matrix. If a matrix job calls a workflow, its combination is all jobs of that call.
 */

/** The matrices that contain a job, innermost last, with the index of its combination in each. */
function matricesOf({ file, path, cell, calls = [] }: Node): { matrix: string; index: number; rules: Rules }[] {
  const parts = path.split('/');
  return parts.flatMap((part, depth) => {
    const index = /#(\d+)$/.exec(part)?.[1];
    const rules = depth === parts.length - 1 ? cell : calls[depth]?.cell;
    if (index === undefined || !rules) return [];
    const matrix = `${file}:${[...parts.slice(0, depth), part.slice(0, -index.length)].join('/')}`;
    return [{ matrix, index: Number(index), rules }];
  });
}

type Rules = Pick<Cell, 'failFast' | 'maxParallel' | 'total'>;
type Combinations<Id> = Map<number, NodeState<Id>[]>;

function combinationsOf<Id>(states: readonly NodeState<Id>[]): Map<string, { rules: Rules; all: Combinations<Id> }> {
  const matrices = new Map<string, { rules: Rules; all: Combinations<Id> }>();
  for (const state of states) {
    for (const { matrix, index, rules } of matricesOf(state.node)) {
      const known = matrices.get(matrix) ?? { rules, all: new Map() };
      matrices.set(matrix, known);
      const jobs = known.all.get(index) ?? [];
      known.all.set(index, jobs);
      jobs.push(state);
    }
  }
  return matrices;
}

/**
 * Whether `max-parallel` keeps a job from starting.
 * @returns the limit that is reached; undefined if the job can start
 */
export function reachedMaxParallel<Id>(states: readonly NodeState<Id>[], node: Node): number | undefined {
  const bounded = matricesOf(node).filter(({ rules }) => rules.maxParallel < rules.total);
  if (bounded.length === 0) return undefined;
  const matrices = combinationsOf(states);
  for (const { matrix, index, rules } of bounded) {
    const others = [...(matrices.get(matrix)?.all ?? [])].filter(([other]) => other !== index);
    if (others.filter(([, jobs]) => isRunning(jobs)).length >= rules.maxParallel) return rules.maxParallel;
  }
  return undefined;
}

/** Whether a combination has started and is not finished. */
function isRunning<Id>(jobs: readonly NodeState<Id>[]): boolean {
  const begun = ({ status }: NodeState<Id>) => status !== 'waiting' && status !== 'skipped';
  return jobs.some(begun) && !jobs.every(({ status }) => isFinal(status));
}

/** Jobs to cancel because another combination of their matrix failed and the matrix has `fail-fast`, each once. */
export function cancelledByFailFast<Id>(
  states: readonly NodeState<Id>[],
): { state: NodeState<Id>; because: NodeState<Id> }[] {
  const ended = new Map<Id, { state: NodeState<Id>; because: NodeState<Id> }>();
  for (const { rules, all } of combinationsOf(states).values()) {
    if (!rules.failFast) continue;
    const because = [...all.values()].flatMap((jobs) => failureOf(jobs) ?? []).at(0);
    if (!because) continue;
    for (const state of [...all.values()].flat()) {
      if (!isFinal(state.status) && !ended.has(state.id)) ended.set(state.id, { state, because });
    }
  }
  return [...ended.values()];
}

/** The job that made a finished combination fail. */
function failureOf<Id>(jobs: readonly NodeState<Id>[]): NodeState<Id> | undefined {
  if (resultOf(jobs) !== 'failure') return undefined;
  return jobs.find(({ status, continueOnError }) => !continueOnError && (status === 'failure' || status === 'error'));
}
