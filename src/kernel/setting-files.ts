import { readFileSync } from 'node:fs';
import { systemCode, VoltError } from './errors.ts';

/**
 * The value of a setting that stands in a file, as container engines and systemd hand out passwords; white space around
 * it does not count.
 * @param variable that names the file, such as VOLT_TOKEN_FILE
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
 * The address of a server with a password in it, escaped; one that has a password already stays as it is.
 * @param url `scheme://[user[:password]@]the rest`
 */
export function withPassword(url: string, password: string): string {
  // up to the last "@": a password that was not escaped may hold one itself
  const [, scheme, user = '', rest] = /^([a-z][a-z0-9+.-]*:\/\/)(?:(.*)@)?(.*)$/is.exec(url) ?? [];
  if (scheme === undefined || user.includes(':')) return url;
  return `${scheme}${user}:${encodeURIComponent(password)}@${rest}`;
}
