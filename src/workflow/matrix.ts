import { toText } from './expression.ts';
import { type Folded, fits, fold, leavesOf } from './matrix-filter.ts';
import type { Json, JsonObject } from './template.ts';
import { isObject } from './values.ts';

/**
 * Expands a matrix by the rules of GitHub's runner (actions/runner, MatrixBuilder; docs.github.com, "Running variations
 * of jobs in a workflow").
 */

export interface Combination {
  matrix: { [key: string]: Json };
  /** its values for the name of the job, without those that `include` has added */
  label: string;
}

/** As on GitHub. */
const mostCombinations = 256;
/** The most combinations before some are excluded. */
const mostCrossed = mostCombinations * mostCombinations;
/** The most comparisons of entries of `include` or `exclude` with combinations. */
const mostComparisons = 1_000_000;

/**
 * @param matrix the evaluated `strategy.matrix`
 * @throws Error with a message for the author
 */
export function expandMatrix(matrix: Json): Combination[] {
  if (!isObject(matrix)) throw new Error(`the matrix must be a mapping, not ${describe(matrix)}`);
  const { include, exclude, ...vectors } = matrix;
  const keys = new Set(foldedKeys('the matrix', vectors));
  const excluded = filtersOf('exclude', exclude);
  const items = filtersOf('include', include);
  const size = crossedSize(vectors, excluded.length === 0 ? mostCombinations : mostCrossed);
  checkComparisons('exclude', excluded.length, size);
  checkComparisons('include', items.length, Math.min(size, mostCombinations));
  for (const filter of excluded) {
    const unknown = Object.keys(filter).find((key) => !keys.has(key.toLowerCase()));
    if (unknown !== undefined)
      throw new Error(`\`exclude\` of the matrix uses "${unknown}", which is not a key of the matrix`);
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
  throw new Error(`the matrix has ${combinations} combinations; at most ${mostCombinations} are allowed`);
}

/** Checked before anything is expanded: a few lines of a file can describe more than fits into memory. */
function checkComparisons(name: string, entries: number, combinations: number): void {
  if (entries * combinations <= mostComparisons) return;
  const what = `${entries} entries of \`${name}\` for ${combinations} combinations`;
  throw new Error(`the matrix has ${what}; the product must be at most ${mostComparisons}`);
}

/**
 * The number of combinations of the vectors.
 * @param most the most that are allowed
 */
function crossedSize(vectors: JsonObject, most: number): number {
  let size = 0;
  for (const [key, values] of Object.entries(vectors)) {
    if (!Array.isArray(values)) throw new Error(`the matrix key "${key}" must be a list, not ${describe(values)}`);
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

/** All combinations of the vectors; the first key changes slowest. */
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
 * Applies `include`. An entry adds its other values to each combination that it matches; an entry that matches none
 * becomes a new combination. Entries are compared with the combinations before any entry was applied.
 * @param keys keys of the matrix, in lower case
 * @returns the values that each combination gets, by key in lower case, and the new combinations
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
  if (!Array.isArray(value)) throw new Error(`\`${name}\` of the matrix must be a list, not ${describe(value)}`);
  return value.map((item) => {
    if (!isObject(item))
      throw new Error(`an entry of \`${name}\` of the matrix must be a mapping, not ${describe(item)}`);
    if (foldedKeys(`an entry of \`${name}\` of the matrix`, item).length > 0) return item;
    throw new Error(`an entry of \`${name}\` of the matrix has no values`);
  });
}

/** Keys are case-insensitive. */
function foldedKeys(what: string, object: JsonObject): string[] {
  const keys = new Map<string, string>();
  for (const key of Object.keys(object)) {
    const known = keys.get(key.toLowerCase());
    if (known !== undefined) throw new Error(`${what} has the key "${key}" twice (also as "${known}")`);
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

function describe(value: Json | undefined): string {
  const text = JSON.stringify(value ?? null);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
