import * as z from 'zod';
import { hint } from '../../kernel/similar-words.ts';
import { yieldToOthers } from '../../system/event-loop.ts';
import { type ConfigProblem, configFile, type SecretSource, type SecretValues } from '../schemas/config.ts';
import { type Issue, schemaIssues } from './issues.ts';
import type { Path } from './kind.ts';
import { kinds } from './kinds.ts';
import { isMap, keyOf, pathOf, placesIn } from './paths.ts';
import { takeSecrets } from './secrets.ts';
import { type Placed, placed } from './state.ts';

/** An entry of the settings that a person gives. */
export interface Wanted extends Placed {
  /** the sources of secrets without a value, by field */
  readonly unset: ReadonlyMap<string, SecretSource>;
}

export interface Read {
  entries: Map<string, Wanted>;
  /** `keyOf` the other entries */
  invalid: Set<string>;
  problems: ConfigProblem[];
}

/**
 * Reads settings that a person gives.
 * @returns the entries that are right as far as one can tell without what Volt has, and all that is wrong
 */
export async function readWanted(settings: unknown, values: SecretValues): Promise<Read> {
  const problems = (await schemaIssues(settings)).flatMap(problemsIn);
  const wrongNames = new Set(problems.flatMap(({ path, key }) => (key === undefined ? [] : [keyOf([...path, key])])));
  const entries = new Map<string, Wanted>();
  const invalid = new Set<string>();
  for (const kind of kinds) {
    for (const { names, value } of placesIn(settings, kind.at)) {
      await yieldToOthers();
      const path = pathOf(kind.at, names);
      const own = ownPart(kind.schema, value);
      const parsed = kind.schema.safeParse(own);
      const { unset, ...taken } = takeSecrets(parsed.data ?? rightPart(kind.schema, own), kind.secrets, values);
      const wrong = kind.wrong({ names, ...taken });
      problems.push(...wrong.map(({ field, message }) => ({ ...placeOf(path, field), message })));
      const isWrong = !parsed.success || wrong.length > 0 || wrongNames.has(keyOf(path));
      if (isWrong) invalid.add(keyOf(path));
      else if (entries.has(keyOf(path))) problems.push(twice(path));
      else entries.set(keyOf(path), { ...placed(kind, { names, ...taken }), unset });
    }
  }
  return { entries, invalid, problems };
}

/** Where a field of an entry is; the entry itself is found by its name. */
function placeOf(path: Path, field: Path): Pick<ConfigProblem, 'path' | 'key'> {
  return field.length > 0 ? { path: [...path, ...field] } : { path: path.slice(0, -1), key: path.at(-1) ?? '' };
}

/** What an entry says of itself, without the entries inside of it, and without fields that are unknown. */
function ownPart(schema: z.ZodType, value: unknown): unknown {
  if (!(schema instanceof z.ZodObject) || !isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([field]) => Object.hasOwn(schema.shape, field)));
}

/** The fields that are right by themselves. */
function rightPart(schema: z.ZodType, value: unknown): unknown {
  if (!(schema instanceof z.ZodObject) || !isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([field, inner]) => schema.shape[field]?.safeParse(inner).success),
  );
}

function twice(path: Path): ConfigProblem {
  const name = path.at(-1) ?? '';
  return { path: path.slice(0, -1), key: name, message: `${name} is there already in other letters` };
}

function problemsIn(issue: Issue): ConfigProblem[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(configFile, path);
    return issue.keys.map((key) => ({
      ...{ path, key, message: `there is no setting ${JSON.stringify(key.slice(0, 100))} here${hint(key, known)}` },
    }));
  }
  const last = path.at(-1) ?? 'the file';
  // the name of an entry
  if (issue.code === 'invalid_key')
    return [
      {
        path: path.slice(0, -1),
        key: last,
        message: `${JSON.stringify(last.slice(0, 100))} ${issue.issues[0]?.message}`,
      },
    ];
  return [{ path, message: `${last} ${issue.message}` }];
}

/** The keys that a map at a path may have. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let inner: unknown = schema;
  for (const key of path) {
    inner = plainOf(inner);
    if (inner instanceof z.ZodObject) inner = inner.shape[key];
    else if (inner instanceof z.ZodRecord) inner = inner.valueType;
    else return [];
  }
  const map = plainOf(inner);
  return map instanceof z.ZodObject ? Object.keys(map.shape) : [];
}

function plainOf(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? plainOf(schema.unwrap()) : schema;
}
