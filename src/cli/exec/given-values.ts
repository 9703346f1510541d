import { readFileSync, statSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { parseRunnerImages, type RunnerImages } from '../../job/runner-images.ts';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { variableOf } from '../../system/environment.ts';
import type { Payload } from './local-event.ts';

type Values = { [name: string]: string };

/** Bytes of a file of values or a payload; GitHub sends no larger payload. */
const largestFile = 25 * 1_048_576;

/**
 * Secrets from the command line: `NAME=VALUE`, or `NAME` for the environment variable of that name. The case of names
 * does not matter.
 * @throws VoltError `usage`
 */
export function secretsOf(given: readonly string[]): Values {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=');
      const name = secretName(at < 0 ? text : text.slice(0, at));
      const value = at < 0 ? variableOf(text) : text.slice(at + 1);
      if (value === undefined) {
        throw new VoltError('usage', `the environment variable ${text} is not set`, {
          remedy: `Set it, or use --secret ${text}=VALUE (visible to other users of this machine).`,
        });
      }
      return [name, value];
    }),
  );
}

/** Images from the command line: `IMAGE` or `LABEL=IMAGE`. @throws VoltError `bad_setting`, `bad_label` */
export function imagesOf(given: readonly string[]): RunnerImages {
  return { ...parseRunnerImages(given), isRequired: false };
}

/** Secrets from files, see valuesIn. @throws VoltError `usage` */
export function secretsIn(files: readonly string[]): Values {
  return Object.fromEntries(Object.entries(valuesIn(files)).map(([name, value]) => [secretName(name), value]));
}

/**
 * Values from files with lines `NAME=VALUE`, as in `.env` files; a value in quotes may have several lines. A later file
 * overrides an earlier one.
 * @throws VoltError `usage` if a file cannot be read or has another kind of line
 */
export function valuesIn(files: readonly string[]): Values {
  return Object.assign({}, ...files.map((file) => parsed(file, textOf(file))));
}

/** `github.event` from a file. @throws VoltError `usage` if it is not one JSON object */
export function payloadIn(file: string): Payload {
  const text = textOf(file);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Payload;
    throw new Error('it is not an object');
  } catch (error) {
    throw new VoltError('usage', `${file} is not a valid event payload: ${errorText(error)}`, {
      remedy: 'Give a file with one JSON object, as GitHub sends to a webhook.',
      cause: error,
    });
  }
}

function parsed(file: string, text: string): Values {
  const values = parseEnv(text) as Values;
  // a line without "=" becomes part of the next line's name
  const odd = Object.keys(values).find((name) => !/^[\w.-]+$/.test(name));
  const isEmpty = Object.keys(values).length === 0 && /^\s*[^#\s]/m.test(text);
  if (odd === undefined && !isEmpty) return values;
  throw new VoltError(
    'usage',
    `${file} has a line that is not NAME=VALUE: ${odd?.split('\n', 1)[0] ?? text.trim().split('\n', 1)[0]}`,
    {
      remedy: 'Write one NAME=VALUE per line; put a value of several lines in quotes.',
    },
  );
}

function textOf(file: string): string {
  try {
    if (statSync(file).size > largestFile) throw new Error(`it is larger than ${largestFile} bytes`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new VoltError('usage', `cannot read ${file}: ${errorText(error)}`, {
      remedy: 'Name an existing file that this user can read.',
      cause: error,
    });
  }
}

function secretName(text: string): string {
  const name = text.toUpperCase();
  if (/^[A-Z_][A-Z0-9_]*$/.test(name)) return name;
  throw new VoltError('usage', `"${text}" is not a valid name for a secret`, {
    remedy: 'Use letters, digits and "_", not beginning with a digit.',
  });
}
