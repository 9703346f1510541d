import { basename, dirname } from 'node:path';

/**
 * The command that a person types to run this program: `volt` if it is installed on the search path, else `npx volt`,
 * as in a checkout or in a project that depends on it.
 * @param entry path of the script as it was called, `process.argv[1]`
 */
export function callOf(entry: string | undefined): 'volt' | 'npx volt' {
  if (entry === undefined) return 'npx volt';
  return basename(entry) === 'volt' && basename(dirname(entry)) !== '.bin' ? 'volt' : 'npx volt';
}

const call = callOf(process.argv[1]);

/** A command line as a person types it here. @param line the command line, which begins with `volt` */
export function asTyped(line: string): string {
  return line.replace(/^volt\b/, call);
}

/** The command line that starts everything. In a checkout it is `npm start`, which also installs what is missing. */
export function upAsTyped(rest: string, entry = process.argv[1]): string {
  return basename(entry ?? '') === 'volt' ? `${callOf(entry)} up ${rest}` : `npm start -- ${rest}`;
}

/** Text with its commands, which are between backticks, as a person types them here. */
export function withCommandsAsTyped(text: string): string {
  return text.replace(/`(volt\b[^`]*)`/g, (_, line: string) => `\`${asTyped(line)}\``);
}
