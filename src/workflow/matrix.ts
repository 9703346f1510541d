import { toText } from './expression.ts';
import type { Json } from './template.ts';

/**
 * Expands a matrix by the rules of GitHub's runner (actions/runner, MatrixBuilder; docs.github.com, "Running variations
 * of jobs in a workflow").
 */

/** One combination of a matrix. */
export interface Combination {
  matrix: { [key: string]: Json };
  /** what tells it from the others, for its name: without what `include` has added */
  label: string;
}

/** As on GitHub. */
const mostCombinations = 256;
/** Combinations that there may be before some of them are excluded. */
const mostCrossed = mostCombinations * mostCombinations;
/** How often, at most, an entry of `include` or `exclude` is compared with a combination. */
const mostComparisons = 1_000_000;

type JsonObject = { [key: string]: Json };

/**
 * @param matrix the evaluated `strategy.matrix`
 * @throws Error with a sentence for the author
 */
export function expandMatrix(matrix: Json): Combination[] {
  if (!isObject(matrix)) throw new Error(`the matrix must be a mapping, and is ${describe(matrix)}`);
  const { include, exclude, ...vectors } = matrix;
  const excluded = filtersOf('exclude', exclude);
  const items = filtersOf('include', include);
  const size = crossedSize(vectors, excluded.length === 0 ? mostCombinations : mostCrossed);
  checkComparisons('exclude', excluded.length, size);
  checkComparisons('include', items.length, Math.min(size, mostCombinations));
  for (const filter of excluded) {
    const unknown = Object.keys(filter).find((key) => !(key in vectors));
    if (unknown !== undefined) throw new Error(`the matrix excludes by "${unknown}", which is none of its keys`);
  }
  const kept = cross(vectors).filter((combination) => !excluded.some((filter) => fits(filter, combination)));
  checkCount(kept.length);
  const { extras, added } = included(items, Object.keys(vectors), kept);
  checkCount(kept.length + added.length);
  const combinations = [
    ...kept.map((base, index) => ({ matrix: { ...extras[index], ...base }, label: labelOf(base) })),
    ...added.map((item) => ({ matrix: item, label: labelOf(item) })),
  ];
  // the base goes first in order too, as in the file
  const ordered = combinations.map(({ matrix: values, label }) => ({ matrix: inOrder(values, vectors), label }));
  if (ordered.length === 0) throw new Error('the matrix has no combinations');
  return ordered;
}

function checkCount(combinations: number): void {
  if (combinations <= mostCombinations) return;
  throw new Error(`the matrix has ${combinations} combinations, and may have ${mostCombinations}`);
}

/** Counted before anything is made of it: a few lines of a file can stand for more than a machine can hold. */
function checkComparisons(name: string, entries: number, combinations: number): void {
  if (entries * combinations <= mostComparisons) return;
  const what = `${entries} entries of \`${name}\` for ${combinations} combinations`;
  throw new Error(`the matrix has ${what}, and their product may be ${mostComparisons}`);
}

/**
 * How many combinations the vectors have.
 * @param most more are refused
 */
function crossedSize(vectors: JsonObject, most: number): number {
  let size = 0;
  for (const [key, values] of Object.entries(vectors)) {
    if (!Array.isArray(values)) throw new Error(`the matrix key "${key}" must be a list, and is ${describe(values)}`);
    if (values.length === 0) throw new Error(`the matrix key "${key}" has no values`);
    size = Math.max(1, size) * values.length;
    if (size > mostCrossed) throw new Error(`the matrix has far more than ${mostCombinations} combinations`);
  }
  if (size > most) checkCount(size);
  return size;
}

/** All combinations of the vectors, which are lists, the first key changing slowest. */
function cross(vectors: JsonObject): JsonObject[] {
  const lists = Object.entries(vectors) as [string, Json[]][];
  if (lists.length === 0) return [];
  let combinations: JsonObject[] = [{}];
  for (const [key, values] of lists) {
    combinations = combinations.flatMap((combination) => values.map((value) => ({ ...combination, [key]: value })));
  }
  return combinations;
}

/**
 * An `include` that has none of the matrix's values against it adds its other values to each combination that it fits;
 * one that fits none is a combination of its own. What it is compared with are the combinations as they were crossed.
 */
function included(
  items: JsonObject[],
  keys: string[],
  kept: JsonObject[],
): { extras: JsonObject[]; added: JsonObject[] } {
  const extras: JsonObject[] = kept.map(() => ({}));
  const added: JsonObject[] = [];
  for (const item of items) {
    const filter = Object.fromEntries(Object.entries(item).filter(([key]) => keys.includes(key)));
    const rest = Object.fromEntries(Object.entries(item).filter(([key]) => !keys.includes(key)));
    const matched = kept.flatMap((base, index) => (fits(filter, base) ? [index] : []));
    for (const index of matched) Object.assign(extras[index] ?? {}, rest);
    if (matched.length === 0) added.push(item);
  }
  return { extras, added };
}

function filtersOf(name: string, value: Json | undefined): JsonObject[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error(`\`${name}\` of the matrix must be a list, and is ${describe(value)}`);
  return value.map((item) => {
    if (isObject(item)) return item;
    throw new Error(`an entry of \`${name}\` of the matrix must be a mapping, and is ${describe(item)}`);
  });
}

/** Whether each leaf of the filter is in the value; a value may have more. */
function fits(filter: Json, value: Json | undefined): boolean {
  if (value === undefined) return false;
  if (isObject(filter)) {
    return isObject(value) && Object.entries(filter).every(([key, part]) => fits(part, value[key]));
  }
  if (Array.isArray(filter)) {
    return (
      Array.isArray(value) && filter.length === value.length && filter.every((part, index) => fits(part, value[index]))
    );
  }
  return typeof value !== 'object' || value === null ? equal(filter, value) : false;
}

/** As `==` of expressions has it: texts without their case, everything else as numbers. */
function equal(a: null | boolean | number | string, b: null | boolean | number | string): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a.toUpperCase() === b.toUpperCase();
  return typeof a === typeof b ? a === b : Number(a ?? 0) === Number(b ?? 0);
}

function labelOf(values: JsonObject): string {
  return leaves(values).join(', ');
}

function leaves(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(leaves);
  if (isObject(value)) return Object.values(value).flatMap(leaves);
  const text = toText(value);
  return text === '' ? [] : [text];
}

function inOrder(values: JsonObject, vectors: JsonObject): JsonObject {
  const first = Object.keys(vectors).filter((key) => key in values);
  const rest = Object.keys(values).filter((key) => !(key in vectors));
  return Object.fromEntries([...first, ...rest].map((key) => [key, values[key] ?? null]));
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: Json | undefined): string {
  const text = JSON.stringify(value ?? null);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
