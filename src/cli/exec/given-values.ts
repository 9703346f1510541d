import { readFileSync, statSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { variableOf } from '../../system/environment.ts';
import type { Payload } from './local-event.ts';

type Values = { [name: string]: string };

/** Bytes that a file of values or a payload may have; GitHub sends no payload that is larger. */
const largestFile = 25 * 1_048_576;

/**
 * Secrets from the command line: `NAME=VALUE`, or `NAME` for what the environment has under that name. Their names do
 * not count their case.
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

/** Secrets of files, as valuesOf has them. @throws VoltError `usage` */
export function secretsIn(files: readonly string[]): Values {
  return Object.fromEntries(Object.entries(valuesIn(files)).map(([name, value]) => [secretName(name), value]));
}

/**
 * Values of files with lines `NAME=VALUE`, as `.env` files have them; a value in quotes may have several lines. The later
 * file goes before the earlier.
 * @throws VoltError `usage` for a file that cannot be read or has a line that is none of these
 */
export function valuesIn(files: readonly string[]): Values {
  return Object.assign({}, ...files.map((file) => parsed(file, textOf(file))));
}

/** `github.event` from a file. @throws VoltError `usage` where it is not one object of JSON */
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
  // a line without "=" becomes a part of the next one's name
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
