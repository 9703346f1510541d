import { isFinal } from '../kernel/model.ts';
import { type Cell, type Node, type NodeState, resultOf } from './node.ts';

/**
 * Combinations of one matrix: how many of them run, and which one's end is the end of the others. A combination of a
 * matrix that calls a workflow is all the jobs of that call.
 */

/** The matrices that a job is in, the innermost last, with the number of its combination in each. */
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
 * What a job must wait for because no more of its matrix may run at once; undefined where it may run.
 * @returns how many may
 */
export function parallelBound<Id>(states: readonly NodeState<Id>[], node: Node): number | undefined {
  const bounded = matricesOf(node).filter(({ rules }) => rules.maxParallel < rules.total);
  if (bounded.length === 0) return undefined;
  const matrices = combinationsOf(states);
  for (const { matrix, index, rules } of bounded) {
    const others = [...(matrices.get(matrix)?.all ?? [])].filter(([other]) => other !== index);
    if (others.filter(([, jobs]) => isOn(jobs)).length >= rules.maxParallel) return rules.maxParallel;
  }
  return undefined;
}

/** Whether a combination has begun and is not over. */
function isOn<Id>(jobs: readonly NodeState<Id>[]): boolean {
  const begun = ({ status }: NodeState<Id>) => status !== 'waiting' && status !== 'skipped';
  return jobs.some(begun) && !jobs.every(({ status }) => isFinal(status));
}

/** Jobs that are to end because another combination of a matrix that fails fast did not succeed, each once. */
export function endedBySiblings<Id>(
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

/** The job by which a combination has failed, once it is over. */
function failureOf<Id>(jobs: readonly NodeState<Id>[]): NodeState<Id> | undefined {
  if (resultOf(jobs) !== 'failure') return undefined;
  return jobs.find(({ status, continueOnError }) => !continueOnError && (status === 'failure' || status === 'error'));
}
