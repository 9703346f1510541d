import { basename, dirname } from 'node:path';

/**
 * What a person types to call this program. A `volt` on the search path is a link of that name to the program; in a
 * checkout, and where it is a project's dependency, npx finds it.
 * @param entry the script as it was called, `process.argv[1]`
 */
export function callOf(entry: string | undefined): 'volt' | 'npx volt' {
  if (entry === undefined) return 'npx volt';
  return basename(entry) === 'volt' && basename(dirname(entry)) !== '.bin' ? 'volt' : 'npx volt';
}

const call = callOf(process.argv[1]);

/** A command line of Volt's as one would type it here; it is written down as `volt …`. */
export function asTyped(line: string): string {
  return line.replace(/^volt\b/, call);
}

/** The line that starts everything with further arguments; in a checkout, `npm start` sets up what is missing as well. */
export function upAsTyped(rest: string, entry = process.argv[1]): string {
  return basename(entry ?? '') === 'volt' ? `${callOf(entry)} up ${rest}` : `npm start -- ${rest}`;
}

/** Text for people, with the commands that stand in it between backticks as one would type them here. */
export function withCommandsAsTyped(text: string): string {
  return text.replace(/`(volt\b[^`]*)`/g, (_, line: string) => `\`${asTyped(line)}\``);
}
