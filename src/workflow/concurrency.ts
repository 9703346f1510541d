import type { Group } from './action.ts';
import { booleanOf, evaluate, evaluateBoolean, type Scope, toText } from './expression.ts';
import { isObject } from './values.ts';
import type { Concurrency } from './workflow.ts';

/**
 * The concurrency group of a workflow or job. A group without a name is no group.
 * @throws ExpressionFailed
 */
export function groupOf({ group, cancelInProgress }: Concurrency, scope: Scope): Group {
  const value = evaluate(group, scope);
  // one expression can give the whole mapping
  if (isObject(value)) {
    const { group: name = '', 'cancel-in-progress': cancel = false } = value;
    return { name: toText(name), cancelInProgress: booleanOf(cancel, '`cancel-in-progress`') };
  }
  return { name: toText(value), cancelInProgress: evaluateBoolean(cancelInProgress, scope) };
}
