import type { SecretSource, SecretValues } from '../schemas/config.ts';
import type { Entry } from './kind.ts';

type Secrets = Entry['secrets'];

/** The secrets that are given. @param before those that are there already; what equals them is left out */
export function givenSecrets(
  secrets: { readonly [field: string]: string | null | undefined },
  before: Secrets = {},
): { [field: string]: string } {
  return Object.fromEntries(
    Object.entries(secrets).flatMap(([field, value]) =>
      value === null || value === undefined || value === before[field] ? [] : [[field, value]],
    ),
  );
}

/** What an entry says of its secrets. */
export interface TakenSecrets {
  /** the entry without its secrets */
  value: unknown;
  /** the values that were found, by field */
  secrets: Secrets;
  /** the sources without a value, by field */
  unset: ReadonlyMap<string, SecretSource>;
}

/** Takes the sources of secrets out of an entry, and finds their values. */
export function takeSecrets(value: unknown, fields: readonly string[], values: SecretValues): TakenSecrets {
  const secrets: { [field: string]: string } = {};
  const unset = new Map<string, SecretSource>();
  const without = fields.reduce((rest, field) => {
    const { found, rest: without } = taken(rest, field.split('.'));
    if (!isSource(found)) return rest;
    const given = valueIn(values, found);
    if (given === undefined || given === '') unset.set(field, found);
    else secrets[field] = given;
    return without;
  }, value);
  return { value: without, secrets, unset };
}

/** Sections whose maps are not sources of secrets, whatever their keys. */
const withoutSources = ['version', 'variables', 'secrets', 'repositories'];

/** The sources of secrets that settings name. */
export function sourcesIn(settings: object): SecretSource[] {
  const sources: SecretSource[] = [];
  // what an alias of YAML stands for is there many times, and a short text would take seconds
  const searched = new Set<object>();
  const search = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || searched.has(value)) return;
    searched.add(value);
    const { env, file } = value as { env?: unknown; file?: unknown };
    if (typeof env === 'string') sources.push({ env });
    if (typeof file === 'string') sources.push({ file });
    for (const inner of Object.values(value)) search(inner);
  };
  for (const [section, value] of Object.entries(settings)) if (!withoutSources.includes(section)) search(value);
  return sources;
}

/** A secret's source as people read it. */
export function sourceText(source: SecretSource): string {
  return 'env' in source ? `the environment variable ${source.env} is not set` : `the file ${source.file} has no text`;
}

/** Only what was given: a variable may have the name of something that each object has. */
function valueIn(values: SecretValues, source: SecretSource): string | undefined {
  const [given, name] = 'env' in source ? [values.env, source.env] : [values.file, source.file];
  return Object.hasOwn(given, name) ? given[name] : undefined;
}

function isSource(value: unknown): value is SecretSource {
  return typeof value === 'object' && value !== null && ('env' in value || 'file' in value);
}

function taken(value: unknown, [field = '', ...further]: readonly string[]): { found: unknown; rest: unknown } {
  if (typeof value !== 'object' || value === null) return { found: undefined, rest: value };
  const { [field]: inner, ...rest } = value as { [field: string]: unknown };
  if (further.length === 0) return { found: inner, rest };
  const { found, rest: kept } = taken(inner, further);
  return { found, rest: { ...rest, [field]: kept } };
}
