import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { yieldToOthers } from '../../system/event-loop.ts';
import type { Change, Entry, Kind, Path } from './kind.ts';
import { kinds } from './kinds.ts';
import { isMap, keyOf, pathOf } from './paths.ts';

/** An entry with its place. */
export interface Placed extends Entry {
  readonly kind: Kind;
  readonly path: Path;
}

/** Entries by `keyOf` their paths. */
export type State = ReadonlyMap<string, Placed>;

/** All that Volt has. @throws VoltError errors of the key file, `secrets_key_wrong`, `secrets_damaged` */
export async function readState(context: Pick<Change, 'database' | 'config'>): Promise<State> {
  const state = new Map<string, Placed>();
  for (const kind of kinds) {
    for (const entry of await kind.read(context)) {
      await yieldToOthers();
      const found = placed(kind, entry);
      state.set(keyOf(found.path), found);
    }
  }
  return state;
}

/** An entry in the one form in which entries are compared. */
export function placed(kind: Kind, entry: Entry): Placed {
  const { names, value, secrets } = kind.normal(entry);
  return { kind, path: pathOf(kind.at, names), names, value: withoutUsual(kind, value), secrets };
}

/** In the order of the schema, without fields that say nothing. */
function withoutUsual({ schema, usual }: Kind, value: unknown): unknown {
  if (!(schema instanceof z.ZodObject) || !isMap(value)) return value;
  const fields = Object.keys(schema.shape).map((field): [string, unknown] => [field, value[field]]);
  return Object.fromEntries(
    fields.filter(([field, given]) => given !== undefined && !isDeepStrictEqual(given, usual[field])),
  );
}

/** Differs if anything differs, secrets too. */
export async function digestOf(state: State): Promise<string> {
  const hash = createHash('sha256');
  for (const [key, { value, secrets }] of [...state].sort(([a], [b]) => (a < b ? -1 : 1))) {
    await yieldToOthers();
    hash.update(`${JSON.stringify([key, value, Object.entries(secrets).sort()])}\n`);
  }
  return hash.digest('hex');
}
