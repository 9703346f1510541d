import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { variableOf } from '../../system/environment.ts';
import { sourcesIn } from '../../web/config/secrets.ts';
import { type PlacedProblem, readSettingsText, type SettingsText } from '../../web/config-texts/settings-text.ts';
import type { SecretValues } from '../../web/schemas/config.ts';
import { readSecret } from '../secret-file.ts';
import { paint, plain, print } from '../terminal.ts';

/** The most bytes of a file: what the API takes. Those of a thousand repositories fit. */
const largestFile = 1024 * 1024;

/** The settings in a file. */
export interface SettingsFile extends SettingsText {
  /** as the person has named it */
  name: string;
  /** of the secrets whose sources it names, as far as there is a value */
  values: SecretValues;
}

/**
 * Reads the settings in a file, and the secrets whose sources it names.
 * @throws VoltError `usage`, `too_large`; `bad_setting` once its problems are printed
 */
export function readSettingsFile(name: string): SettingsFile {
  const read = readSettingsText(textOf(name));
  if ('problems' in read) throw badFile(name, read.problems);
  return { name, values: valuesIn(read.config, dirname(resolve(name))), ...read };
}

/** Prints what is wrong with a file. @returns the error that ends the command */
export function badFile(name: string, problems: readonly PlacedProblem[]): VoltError {
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

function valuesIn(settings: object, folder: string): SecretValues {
  const values: SecretValues = { env: {}, file: {} };
  for (const source of sourcesIn(settings)) {
    if ('env' in source) values.env[source.env] = variableOf(source.env) ?? '';
    else if (existsSync(resolve(folder, source.file)))
      values.file[source.file] = readSecret(resolve(folder, source.file), 'a secret');
  }
  return values;
}
