import { VoltError } from '../kernel/errors.ts';

/** GitHub's rules for the names of secrets and variables; case does not count, and capitals are the written form. */
const namePattern = /^[A-Z_][A-Z0-9_]*$/;
const longestName = 255;

/** A value has at most this many bytes, as on GitHub. */
const largestValue = 48 * 1024;

/**
 * The name of a secret or variable in its written form.
 * @throws VoltError `bad_name`
 */
export function secretName(text: string): string {
  const name = text.toUpperCase();
  if (namePattern.test(name) && name.length <= longestName && !name.startsWith('GITHUB_')) return name;
  throw new VoltError('bad_name', `"${text.slice(0, 100)}" cannot be the name of a secret or variable`, {
    remedy: 'Use letters, digits and "_", beginning with a letter or "_"; "GITHUB_" is kept for Volt itself.',
  });
}

/**
 * A value that a secret or variable may have. It is handed to programs in their environment, which cannot hold a NUL.
 * @throws VoltError `bad_request`, which does not repeat the value
 */
export function checkValue(value: string): string {
  if (value === '') throw badValue('is empty', 'Give a value, or remove the entry.');
  if (value.includes('\0')) throw badValue('holds a NUL character', 'Encode it, for example by base64.');
  if (Buffer.byteLength(value) > largestValue) {
    throw badValue(`is larger than ${largestValue / 1024} KB`, 'Give a shorter one, or the address of what it holds.');
  }
  return value;
}

function badValue(what: string, remedy: string): VoltError {
  return new VoltError('bad_request', `the value ${what}`, { remedy });
}
