import { contextNames, type Scope } from './expression.ts';
import type { Json } from './template.ts';

/**
 * Longest text of expressions, in characters, that is looked at here; and the bound of its length times that of what it
 * speaks of. Each operator reads what it is given a few times at most, which makes this some ten milliseconds.
 */
const longestText = 1000;
const mostSteps = 20_000_000;
/** Functions that take time in proportion to what they are given, and make nothing larger of it. */
const plainFunctions = new Set(['success', 'failure', 'always', 'cancelled', 'hashfiles', 'startswith', 'endswith']);
const call = /([\w-]+)\s*\(/g;
const name = new RegExp(`\\b(?:${contextNames.join('|')})\\b`, 'gi');

/** The contexts that expressions may speak of. */
export function contextsIn(expressions: readonly string[], contexts: Scope['contexts']): Scope['contexts'] {
  const named = new Set(expressions.flatMap((text) => text.match(name) ?? []).map((found) => found.toLowerCase()));
  return Object.fromEntries(contextNames.filter((key) => named.has(key)).map((key) => [key, contexts[key]]));
}

/**
 * Whether it is known before they are evaluated that expressions take little time and memory. Where it is not, they are to
 * be evaluated where that can be ended.
 * @param contexts that they may speak of
 */
export function isCheap(expressions: readonly string[], contexts: Scope['contexts']): boolean {
  const text = expressions.join(' ');
  if (text.length > longestText || text.includes('*')) return false;
  for (const [, called = ''] of text.matchAll(call)) if (!plainFunctions.has(called.toLowerCase())) return false;
  return text.length * sizeOf(Object.values(contexts), mostSteps / text.length) <= mostSteps;
}

/** Characters and entries of values, counted no further than to a bound. */
function sizeOf(values: readonly (Json | undefined)[], most: number): number {
  let size = 0;
  const waiting = [...values];
  for (let next = waiting.pop(); next !== undefined && size <= most; next = waiting.pop()) {
    size += typeof next === 'string' ? next.length : 1;
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, value] of Object.entries(next)) {
      size += key.length;
      waiting.push(value);
    }
  }
  return size;
}
