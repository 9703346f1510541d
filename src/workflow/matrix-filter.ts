import type { Json } from './template.ts';
import { isObject } from './values.ts';

/**
 * Entries of `include` and `exclude` as filters of a matrix, by the rules of GitHub's runner (actions/runner,
 * MatrixFilter): each scalar of a filter is compared with the value at the same path; keys are case-insensitive.
 */

/** A value with case-insensitive keys. */
export type Folded = null | boolean | number | string | Folded[] | Map<string, Folded>;

export function fold(value: Json): Folded {
  if (Array.isArray(value)) return value.map(fold);
  if (!isObject(value)) return value;
  // of keys that differ only in case, the first counts
  return new Map(
    Object.entries(value)
      .reverse()
      .map(([key, part]) => [key.toLowerCase(), fold(part)]),
  );
}

/** A scalar of a filter with its path. */
export interface Leaf {
  /** keys in lower case, and indexes */
  path: (string | number)[];
  value: null | boolean | number | string;
}

export function leavesOf(filter: Json, path: Leaf['path'] = []): Leaf[] {
  if (Array.isArray(filter)) return filter.flatMap((part, index) => leavesOf(part, [...path, index]));
  if (!isObject(filter)) return [{ path, value: filter }];
  return Object.entries(filter).flatMap(([key, part]) => leavesOf(part, [...path, key.toLowerCase()]));
}

/** Whether a value has all leaves of a filter. A missing value counts as null. */
export function fits(leaves: readonly Leaf[], value: Folded): boolean {
  return leaves.every((leaf) => {
    let found: Folded = value;
    for (const step of leaf.path) {
      if (found instanceof Map) found = (typeof step === 'string' ? found.get(step) : undefined) ?? null;
      else found = (Array.isArray(found) && typeof step === 'number' ? found[step] : undefined) ?? null;
    }
    return (typeof found !== 'object' || found === null) && equal(leaf.value, found);
  });
}

/** Compares as `==` in expressions: strings case-insensitively, values of different types as numbers. */
function equal(a: null | boolean | number | string, b: null | boolean | number | string): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a.toUpperCase() === b.toUpperCase();
  return typeof a === typeof b ? a === b : Number(a ?? 0) === Number(b ?? 0);
}
