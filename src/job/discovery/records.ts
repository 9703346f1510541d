/** Access to parsed foreign texts, of which nothing is sure. */

export type Fields = { readonly [key: string]: unknown };

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object in an object, and so on for further keys; empty where there is none. */
export function recordIn(value: Fields, ...keys: string[]): Fields {
  let found = value;
  for (const key of keys) {
    const next = Object.hasOwn(found, key) ? found[key] : undefined;
    found = isRecord(next) ? next : {};
  }
  return found;
}

/** A value in an object; undefined where the object has no such key of its own. */
export function valueIn(value: Fields, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The texts in a list; empty where it is no list. */
export function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
