import { VoltError } from '../kernel/errors.ts';

/** GitHub's rules for the names of secrets and variables: case does not count, names are written in capitals. */
const namePattern = /^[A-Z_][A-Z0-9_]*$/;
const longestName = 255;

/** The largest value in bytes, as on GitHub. */
const largestValue = 48 * 1024;

/**
 * The name of a secret or variable in capitals.
 * @throws VoltError `bad_name`
 */
export function secretName(text: string): string {
  const name = text.toUpperCase();
  if (namePattern.test(name) && name.length <= longestName && !name.startsWith('GITHUB_')) return name;
  throw new VoltError('bad_name', `"${text.slice(0, 100)}" is not a valid name of a secret or variable`, {
    remedy:
      name === 'GITHUB_TOKEN'
        ? 'Jobs get a GITHUB_TOKEN from the forge of their repository: `volt forge set NAME --job-token-file FILE`.'
        : 'Use letters, digits and "_", starting with a letter or "_". Names with "GITHUB_" are reserved.',
  });
}

/**
 * Checks the value of a secret or variable. Programs get it in their environment, which cannot contain a NUL.
 * @throws VoltError `bad_request`, which does not repeat the value
 */
export function checkValue(value: string): string {
  if (value === '') throw badValue('is empty', 'Give a value, or remove the entry.');
  if (value.includes('\0')) throw badValue('contains a NUL character', 'Encode it, for example with base64.');
  if (Buffer.byteLength(value) > largestValue) {
    throw badValue(
      `is larger than ${largestValue / 1024} KB`,
      'Use a shorter value, or the address of a file with it.',
    );
  }
  return value;
}

function badValue(what: string, remedy: string): VoltError {
  return new VoltError('bad_request', `the value ${what}`, { remedy });
}
