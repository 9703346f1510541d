import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { type Place, readYaml } from '../../kernel/yaml-text.ts';
import { variableOf } from '../../system/environment.ts';
import type { ConfigProblem, SecretValues } from '../../web/schemas/config.ts';
import { readSecret } from '../secret-file.ts';
import { paint, plain, print } from '../terminal.ts';

/** The most bytes of a file: what the API takes. Those of a thousand repositories fit. */
const largestFile = 1024 * 1024;

/** A problem of the file with its place. */
interface FileProblem extends Place {
  message: string;
}

/** The settings in a file. */
export interface SettingsFile {
  /** as the person has named it */
  name: string;
  config: unknown;
  /** of the secrets whose sources it names, as far as there is a value */
  values: SecretValues;
  /** the places of what is wrong with the settings */
  located(problems: readonly ConfigProblem[]): FileProblem[];
}

/**
 * Reads the settings in a file, and the secrets whose sources it names.
 * @throws VoltError `usage`, `too_large`; `bad_setting` once its problems are printed
 */
export function readSettingsFile(name: string): SettingsFile {
  const read = readYaml(textOf(name));
  if ('problems' in read) throw badFile(name, read.problems);
  const { value, placeOf } = read;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || containsItself(value))
    throw badFile(name, [
      { line: 1, column: 1, message: 'the file must be a map of settings, which begins with `version: 1`' },
    ]);
  return {
    ...{ name, config: value, values: valuesIn(value, dirname(resolve(name))) },
    located: (problems) =>
      problems
        .map(({ path, key, message }) => ({ ...placeOf(path, key), message }))
        .sort((a, b) => a.line - b.line || a.column - b.column),
  };
}

/** Prints what is wrong with a file. @returns the error that ends the command */
export function badFile(name: string, problems: readonly FileProblem[]): VoltError {
  for (const { line, column, message } of problems)
    print(`${plain(name)}:${line}:${column}: ${paint('red', 'invalid')}: ${plain(message)}`);
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new VoltError('bad_setting', `${plain(name)} has ${count}`, {
    remedy: 'Nothing was applied. Correct the file; `volt config schema` prints what it may contain, for editors.',
  });
}

function textOf(name: string): string {
  try {
    const { size } = statSync(name);
    if (size > largestFile) {
      throw new VoltError('too_large', `${plain(name)} has ${size} bytes, and at most ${largestFile} are read`, {
        remedy: 'Leave out what has its usual value, or split the settings between two Volts.',
      });
    }
    return readFileSync(name, 'utf8');
  } catch (error) {
    if (error instanceof VoltError) throw error;
    throw new VoltError('usage', `cannot read ${plain(name)}: ${errorText(error)}`, {
      remedy: '`volt config export FILE` makes such a file.',
      cause: error,
    });
  }
}

/** An alias of YAML may stand for what it is in. */
function containsItself(value: object): boolean {
  try {
    return JSON.stringify(value) === undefined;
  } catch {
    return true;
  }
}

/** Sections whose maps are not sources of secrets, whatever their keys. */
const withoutSources = ['version', 'variables', 'secrets', 'repositories'];

function valuesIn(settings: object, folder: string): SecretValues {
  const values: SecretValues = { env: {}, file: {} };
  const search = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { env, file } = value as { env?: unknown; file?: unknown };
    if (typeof env === 'string') values.env[env] = variableOf(env) ?? '';
    if (typeof file === 'string' && existsSync(resolve(folder, file)))
      values.file[file] = readSecret(resolve(folder, file), 'a secret');
    for (const inner of Object.values(value)) search(inner);
  };
  for (const [section, value] of Object.entries(settings)) if (!withoutSources.includes(section)) search(value);
  return values;
}
