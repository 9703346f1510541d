import type { Json } from './template.ts';

/**
 * Entries of `include` and `exclude` as filters of a matrix, by the rules of GitHub's runner (actions/runner,
 * MatrixFilter): each value inside of a filter that holds no others is compared with what is in its place, keys without
 * their case.
 */

/** A value in which keys can be looked up without their case. */
export type Folded = null | boolean | number | string | Folded[] | Map<string, Folded>;

export function fold(value: Json): Folded {
  if (Array.isArray(value)) return value.map(fold);
  if (!isObject(value)) return value;
  // of keys that differ by their case alone, the first counts
  return new Map(
    Object.entries(value)
      .reverse()
      .map(([key, part]) => [key.toLowerCase(), fold(part)]),
  );
}

/** A value inside of a filter that holds no others, and how it is reached. */
export interface Leaf {
  /** keys in lower case, and numbers of entries */
  path: (string | number)[];
  value: null | boolean | number | string;
}

export function leavesOf(filter: Json, path: Leaf['path'] = []): Leaf[] {
  if (Array.isArray(filter)) return filter.flatMap((part, index) => leavesOf(part, [...path, index]));
  if (!isObject(filter)) return [{ path, value: filter }];
  return Object.entries(filter).flatMap(([key, part]) => leavesOf(part, [...path, key.toLowerCase()]));
}

/** Whether each leaf of a filter is in the value; a value may have more. What is not there is null. */
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

/** As `==` of expressions has it: texts without their case, everything else as numbers. */
function equal(a: null | boolean | number | string, b: null | boolean | number | string): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a.toUpperCase() === b.toUpperCase();
  return typeof a === typeof b ? a === b : Number(a ?? 0) === Number(b ?? 0);
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
