import type { Json, JsonObject } from '../../workflow/template.ts';

/** Entries of a list or of an object, and levels of both. */
const mostEntries = 100;
const deepest = 8;
/** Characters of a text: GitHub's comments have up to 65,536. */
const longestText = 10_000;
/** Characters of the whole as JSON. */
const largest = 100_000;

/**
 * What a forge has sent, cut to a size that fits into messages: long texts and lists lose their end, and a text its NUL characters,
 * which no variable of a job can have.
 * @returns undefined if it is too large even so
 */
export function boundedJson(value: unknown): JsonObject | undefined {
  const cut = bounded(value, 0);
  if (typeof cut !== 'object' || cut === null || Array.isArray(cut)) return undefined;
  return JSON.stringify(cut).length <= largest ? cut : undefined;
}

function bounded(value: unknown, depth: number): Json {
  if (typeof value === 'string') return value.slice(0, longestText).replaceAll('\0', '');
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null || depth === deepest) return null;
  if (Array.isArray(value)) return value.slice(0, mostEntries).map((entry) => bounded(entry, depth + 1));
  const entries = Object.entries(value).slice(0, mostEntries);
  return Object.fromEntries(entries.map(([key, entry]) => [key.slice(0, 200), bounded(entry, depth + 1)]));
}
