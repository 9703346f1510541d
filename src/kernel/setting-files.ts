import { readFileSync } from 'node:fs';
import { systemCode, VoltError } from './errors.ts';

/**
 * Reads the value of a setting from a file, as container engines and systemd provide passwords; removes surrounding white space.
 * @param variable the variable with the path, such as VOLT_TOKEN_FILE
 * @throws VoltError `bad_setting`
 */
export function settingFromFile(variable: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new VoltError(
      'bad_setting',
      `${variable} names a file that cannot be read (${systemCode(error) ?? 'unknown'}): ${path}`,
      { remedy: `Make the file readable for this user, or correct ${variable}.`, cause: error },
    );
  }
  if (text !== '') return text;
  throw new VoltError('bad_setting', `${variable} names an empty file: ${path}`, {
    remedy: `Write the value into the file, or correct ${variable}.`,
  });
}

/**
 * Adds a password to the address of a server; an address with a password stays unchanged.
 * @param url `scheme://[user[:password]@]the rest`
 */
export function withPassword(url: string, password: string): string {
  // up to the last "@": an unescaped password may contain "@"
  const [, scheme, user = '', rest] = /^([a-z][a-z0-9+.-]*:\/\/)(?:(.*)@)?(.*)$/is.exec(url) ?? [];
  if (scheme === undefined || user.includes(':')) return url;
  return `${scheme}${user}:${encodeURIComponent(password)}@${rest}`;
}
