import { readFileSync } from 'node:fs';
import { errorText, VoltError } from '../kernel/errors.ts';

/** The most characters of a file with a token or a key. */
const longestFile = 10_000;

/**
 * The text of a file, without white space around it.
 * @param file path, `-` for standard input
 * @param what is in the file, for messages
 * @throws VoltError `usage`
 */
export function readSecret(file: string, what: string): string {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new VoltError('usage', `cannot read ${what} from ${file}: ${errorText(error)}`, {
      remedy: 'Name a file that this user can read.',
      cause: error,
    });
  }
  if (text.trim() !== '' && text.length <= longestFile) return text.trim();
  throw new VoltError('usage', `${file} does not contain ${what}`, {
    remedy: `Put only ${what} into the file, as it was shown.`,
  });
}
