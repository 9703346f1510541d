import { VoltError } from '../../kernel/errors.ts';

/**
 * Text as a value in a git configuration file, see git-config(1).
 * @throws VoltError `bad_url` for a line break, which no value of Volt contains
 */
export function configValue(text: string): string {
  if (/[\n\0]/.test(text))
    throw new VoltError('bad_url', 'a URL cannot contain a line break', { remedy: 'Correct the URL.' });
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
