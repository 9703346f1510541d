import { isFinal } from '../kernel/model.ts';
import type { Node, NodeState } from './node.ts';

/** Combinations of one matrix: how many of them run, and which one's end is the end of the others. */

/** How many combinations of the same matrix are on their way. */
export function runningSiblings<Id>(states: readonly NodeState<Id>[], node: Node): number {
  return states.filter(({ status, ...state }) => {
    const open = status === 'queued' || status === 'running';
    return open && isSibling(state.node, node);
  }).length;
}

/** Jobs that are to end because another combination of a matrix that fails fast did not succeed, each once. */
export function endedBySiblings<Id>(
  states: readonly NodeState<Id>[],
): { state: NodeState<Id>; because: NodeState<Id> }[] {
  const ended = new Map<Id, { state: NodeState<Id>; because: NodeState<Id> }>();
  for (const failed of states) {
    const { node, status, continueOnError } = failed;
    if (!node.cell?.failFast || continueOnError || (status !== 'failure' && status !== 'error')) continue;
    for (const state of states) {
      if (isFinal(state.status) || ended.has(state.id) || !isSibling(state.node, node)) continue;
      ended.set(state.id, { state, because: failed });
    }
  }
  return [...ended.values()];
}

function isSibling(node: Node, other: Node): boolean {
  return node.cell !== undefined && node.file === other.file && matrixOf(node) === matrixOf(other);
}

function matrixOf({ path }: Node): string {
  return path.replace(/#\d+$/, '#');
}
