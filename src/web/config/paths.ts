import { configFile } from '../schemas/config.ts';
import type { Path } from './kind.ts';

/** Sections in whose names upper and lower case are the same, and the case in which they are compared. */
const oneCase: { readonly [section: string]: 'lower' | 'upper' } = { environments: 'lower', variables: 'upper' };

/** Where an entry is: the place of its kind with its names. */
export function pathOf(at: Path, names: Path): Path {
  let next = 0;
  return at.map((key) => (key === '*' ? (names[next++] ?? '') : key));
}

/** Equal for the paths of one entry, however its names are written. */
export function keyOf(path: Path): string {
  const parts = path.map((key, index) => {
    const letters = oneCase[index % 2 === 1 ? (path[index - 1] ?? '') : ''];
    return letters === undefined ? key : letters === 'lower' ? key.toLowerCase() : key.toUpperCase();
  });
  return JSON.stringify(parts);
}

/** `keyOf` the entries around an entry, outermost first. */
export function keysAround(path: Path): string[] {
  const depths = path.flatMap((_, index) => (index % 2 === 0 && index > 0 ? [index] : []));
  return depths.map((depth) => keyOf(path.slice(0, depth)));
}

/** In the order of the file: section by section, and what is inside of an entry after it. */
export function inOrder<E extends { readonly path: Path }>(entries: readonly E[]): E[] {
  const sections = Object.keys(configFile.shape);
  const orderOf = ({ path: [section = '', ...further] }: E) =>
    [String(sections.indexOf(section)).padStart(3, '0'), ...further].join('\0');
  return entries
    .map((entry) => ({ entry, order: orderOf(entry) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ entry }) => entry);
}

/** What is at a path of a value of JSON; undefined if nothing is. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isMap(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  );
}

export function isMap(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Everything that is at a place of a value of JSON, with the names that lead to it. */
export function placesIn(value: unknown, at: Path): { names: string[]; value: unknown }[] {
  const [key, ...further] = at;
  if (key === undefined) return [{ names: [], value }];
  if (!isMap(value)) return [];
  if (key !== '*') return Object.hasOwn(value, key) ? placesIn(value[key], further) : [];
  return Object.entries(value).flatMap(([name, inner]) =>
    placesIn(inner, further).map((found) => ({ ...found, names: [name, ...found.names] })),
  );
}
