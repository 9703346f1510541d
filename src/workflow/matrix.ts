import { toText } from './expression.ts';
import { type Folded, fits, fold, leavesOf } from './matrix-filter.ts';
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
  const keys = new Set(foldedKeys('the matrix', vectors));
  const excluded = filtersOf('exclude', exclude);
  const items = filtersOf('include', include);
  const size = crossedSize(vectors, excluded.length === 0 ? mostCombinations : mostCrossed);
  checkComparisons('exclude', excluded.length, size);
  checkComparisons('include', items.length, Math.min(size, mostCombinations));
  for (const filter of excluded) {
    const unknown = Object.keys(filter).find((key) => !keys.has(key.toLowerCase()));
    if (unknown !== undefined) throw new Error(`the matrix excludes by "${unknown}", which is none of its keys`);
  }
  const exclusions = excluded.map((filter) => leavesOf(filter));
  const kept = cross(vectors).filter(({ folded }) => !exclusions.some((leaves) => fits(leaves, folded)));
  checkCount(kept.length);
  const { extras, added } = included(items, keys, kept);
  checkCount(kept.length + added.length);
  const combinations = [
    ...kept.map(({ values }, index) => ({
      matrix: Object.fromEntries([...values, ...(extras[index]?.values() ?? [])]),
      label: labelOf(values),
    })),
    ...added.map((entries) => ({ matrix: Object.fromEntries(entries), label: labelOf(entries) })),
  ];
  if (combinations.length === 0) throw new Error('the matrix has no combinations');
  return combinations;
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

type Entries = [key: string, value: Json][];

interface Crossed {
  values: Entries;
  folded: Map<string, Folded>;
}

/** All combinations of the vectors, which are lists, the first key changing slowest. */
function cross(vectors: JsonObject): Crossed[] {
  const lists = Object.entries(vectors) as [string, Json[]][];
  if (lists.length === 0) return [];
  let combinations: Crossed[] = [{ values: [], folded: new Map() }];
  for (const [key, list] of lists) {
    const all = list.map((value) => ({ value, folded: fold(value) }));
    combinations = combinations.flatMap((combination) =>
      all.map(({ value, folded }) => ({
        values: [...combination.values, [key, value]],
        folded: new Map([...combination.folded, [key.toLowerCase(), folded]]),
      })),
    );
  }
  return combinations;
}

/**
 * An `include` that has none of the matrix's values against it adds its other values to each combination that it fits;
 * one that fits none is a combination of its own. What it is compared with are the combinations as they were crossed.
 * @param keys of the matrix, in lower case
 * @returns what each combination gets, by its key in lower case, and the combinations that are new
 */
function included(
  items: readonly JsonObject[],
  keys: ReadonlySet<string>,
  kept: readonly Crossed[],
): { extras: Map<string, [key: string, value: Json]>[]; added: Entries[] } {
  const extras = kept.map(() => new Map<string, [key: string, value: Json]>());
  const added: Entries[] = [];
  for (const item of items) {
    const isFilter = ([key]: [key: string, value: Json]) => keys.has(key.toLowerCase());
    const filter = Object.entries(item).filter(isFilter);
    const rest = Object.entries(item).filter((entry) => !isFilter(entry));
    const leaves = leavesOf(Object.fromEntries(filter));
    const matched = kept.flatMap(({ folded }, index) => (fits(leaves, folded) ? (extras[index] ?? []) : []));
    for (const extra of matched) {
      for (const [key, value] of rest) {
        const known = extra.get(key.toLowerCase());
        extra.set(key.toLowerCase(), [known?.[0] ?? key, value]);
      }
    }
    if (matched.length === 0) added.push([...filter, ...rest]);
  }
  return { extras, added };
}

function filtersOf(name: string, value: Json | undefined): JsonObject[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error(`\`${name}\` of the matrix must be a list, and is ${describe(value)}`);
  return value.map((item) => {
    if (!isObject(item))
      throw new Error(`an entry of \`${name}\` of the matrix must be a mapping, and is ${describe(item)}`);
    if (foldedKeys(`an entry of \`${name}\` of the matrix`, item).length > 0) return item;
    throw new Error(`an entry of \`${name}\` of the matrix has no values`);
  });
}

/** Keys do not count their case. */
function foldedKeys(what: string, object: JsonObject): string[] {
  const keys = new Map<string, string>();
  for (const key of Object.keys(object)) {
    const known = keys.get(key.toLowerCase());
    if (known !== undefined) throw new Error(`${what} has one key twice, as "${known}" and "${key}"`);
    keys.set(key.toLowerCase(), key);
  }
  return [...keys.keys()];
}

function labelOf(values: Entries): string {
  return values.flatMap(([, value]) => textsOf(value)).join(', ');
}

function textsOf(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (isObject(value)) return Object.values(value).flatMap(textsOf);
  const text = toText(value);
  return text === '' ? [] : [text];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: Json | undefined): string {
  const text = JSON.stringify(value ?? null);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
