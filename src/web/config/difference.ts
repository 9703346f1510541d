import { isDeepStrictEqual } from 'node:util';
import { yieldToOthers } from '../../system/event-loop.ts';
import type { ConfigChange } from '../schemas/config.ts';
import { inOrder, isMap, keysAround } from './paths.ts';
import type { Placed, State } from './state.ts';

/** A change with its entry before and after it, one of which may be missing. */
export interface EntryChange extends ConfigChange {
  before: Placed | undefined;
  after: Placed | undefined;
}

/** What differs between two states of Volt. What goes with the entry around it has no change of its own. */
export async function differenceOf(before: State, after: State): Promise<EntryChange[]> {
  const removed = [...before].filter(([key]) => !after.has(key)).map(([, entry]) => entry);
  const outermost = removed.filter(({ path }) => keysAround(path).every((key) => after.has(key)));
  const set: EntryChange[] = [];
  for (const [key, entry] of after) {
    await yieldToOthers();
    const old = before.get(key);
    const fields = fieldsOf(old, entry);
    if (old && fields.length === 0) continue;
    set.push({ path: [...entry.path], act: old ? 'change' : 'add', fields, before: old, after: entry });
  }
  const gone = outermost.map(
    (entry): EntryChange => ({ path: [...entry.path], act: 'remove', fields: [], before: entry, after: undefined }),
  );
  return inOrder([...set, ...gone]);
}

function fieldsOf(before: Placed | undefined, after: Placed): ConfigChange['fields'] {
  const [old, now] = [before?.value, after.value].map((value) =>
    isMap(value) || value === undefined ? value : { '': value },
  );
  const { usual } = after.kind;
  const fields = [...new Set([...Object.keys(now ?? {}), ...Object.keys(old ?? {})])];
  const secrets = [...new Set([...Object.keys(before?.secrets ?? {}), ...Object.keys(after.secrets)])];
  return [
    ...fields
      .filter((field) => !isDeepStrictEqual(old?.[field], now?.[field]))
      .map((field) => ({
        field,
        ...shown('before', old && (old[field] ?? usual[field])),
        ...shown('after', now?.[field] ?? usual[field]),
        secret: false,
      })),
    ...secrets
      .filter((field) => before?.secrets[field] !== after.secrets[field])
      .map((field) => ({ field, secret: true })),
  ];
}

function shown(side: 'before' | 'after', value: unknown) {
  return value === undefined ? {} : { [side]: value };
}
