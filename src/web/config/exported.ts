import type { Config } from '../../kernel/config.ts';
import type { Database } from '../../record/database.ts';
import { yieldToOthers } from '../../system/event-loop.ts';
import type { ConfigFile } from '../schemas/config.ts';
import { readNames } from './needs.ts';
import { inOrder } from './paths.ts';
import { type Placed, readState } from './state.ts';

/** A map whose keys have an order. */
type Tree = Map<string, unknown>;

/**
 * All settings of Volt without secrets, in an order that does not change.
 * @throws VoltError errors of the key file, `secrets_key_wrong`, `secrets_damaged`
 */
export async function exportedSettings(context: { database: Database; config: Config }): Promise<ConfigFile> {
  const entries = [...(await readState(context)).values()];
  const taken = new Set<string>();
  const file: Tree = new Map<string, unknown>([['version', 1]]);
  for (const entry of inOrder(entries)) {
    await yieldToOthers();
    put(file, entry.path, writtenValue(entry, taken));
  }
  const names = (await readNames(context.database)).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { path, name } of inOrder(names)) {
    if (path.at(-1) === 'credential') put(file, path, name);
    else put(file, path, [...((at(file, path) as string[] | undefined) ?? []), name]);
  }
  return plain(file) as ConfigFile;
}

/** What stands in the file for an entry. @param taken names of environment variables of other entries */
function writtenValue({ path, value, secrets }: Placed, taken: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const tree = treeOf(value);
  for (const field of Object.keys(secrets)) put(tree, field.split('.'), { env: freeVariable([...path, field], taken) });
  return tree;
}

/** A name for the environment variable with a secret, such as FORGES_GITHUB_TOKEN. */
function freeVariable(path: readonly string[], taken: Set<string>): string {
  const name = path
    .join('_')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_');
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? name : `${name}_${count}`;
    if (taken.has(candidate)) continue;
    taken.add(candidate);
    return candidate;
  }
}

function treeOf(value: object): Tree {
  const isInner = (inner: unknown) => typeof inner === 'object' && inner !== null && !Array.isArray(inner);
  return new Map(Object.entries(value).map(([key, inner]) => [key, isInner(inner) ? treeOf(inner as object) : inner]));
}

function put(tree: Tree, [key = '', ...further]: readonly string[], value: unknown): void {
  if (further.length === 0) {
    tree.set(key, value);
    return;
  }
  const inner = (tree.get(key) as Tree | undefined) ?? new Map<string, unknown>();
  tree.set(key, inner);
  put(inner, further, value);
}

function at(tree: Tree, [key = '', ...further]: readonly string[]): unknown {
  const inner = tree.get(key);
  return further.length === 0 || !(inner instanceof Map) ? inner : at(inner, further);
}

function plain(value: unknown): unknown {
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([key, inner]) => [key, plain(inner)]));
}
