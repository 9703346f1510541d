import { VoltError } from '../kernel/errors.ts';

/**
 * Text as a value in a configuration file of git's, see git-config(1).
 * @throws VoltError `bad_url` for a line break, which no value of ours has reason to hold
 */
export function configValue(text: string): string {
  if (/[\n\0]/.test(text))
    throw new VoltError('bad_url', 'a URL cannot hold a line break', { remedy: 'Correct the URL.' });
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
