import { contextNames, type Scope } from './expression.ts';
import type { Json } from './template.ts';

/**
 * The most characters of expressions that count as cheap, and the bound of their length times the size of their contexts.
 * Each operator reads its operands a few times at most, so this is some ten milliseconds.
 */
const longestText = 1000;
const mostSteps = 20_000_000;
/** Functions that take linear time and do not return more than they are given. */
const plainFunctions = new Set(['success', 'failure', 'always', 'cancelled', 'hashfiles', 'startswith', 'endswith']);
const call = /([\w-]+)\s*\(/g;
const name = new RegExp(`\\b(?:${contextNames.join('|')})\\b`, 'gi');

/** The contexts that expressions may use. */
export function contextsIn(expressions: readonly string[], contexts: Scope['contexts']): Scope['contexts'] {
  const named = new Set(expressions.flatMap((text) => text.match(name) ?? []).map((found) => found.toLowerCase()));
  return Object.fromEntries(contextNames.filter((key) => named.has(key)).map((key) => [key, contexts[key]]));
}

/**
 * Whether expressions certainly take little time and memory. All others must be evaluated in a process that can be killed.
 * @param contexts the contexts that they may use
 */
export function isCheap(expressions: readonly string[], contexts: Scope['contexts']): boolean {
  const text = expressions.join(' ');
  if (text.length > longestText || text.includes('*')) return false;
  for (const [, called = ''] of text.matchAll(call)) if (!plainFunctions.has(called.toLowerCase())) return false;
  return text.length * sizeOf(Object.values(contexts), mostSteps / text.length) <= mostSteps;
}

/** Characters and entries of values, counted up to a bound. */
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
