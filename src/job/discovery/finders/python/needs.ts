import type { PythonEnvironment } from '../../project.ts';

/** What a Python project's tests need, as a tool's configuration says it. */
export type Needs = Omit<PythonEnvironment, 'manager'>;

export const noNeeds: Needs = { project: false, extras: [], groups: [], requirements: [], packages: [] };

/** How the tests are run, as one of the project's own files says it. */
export interface OwnCommand {
  /** the file */
  because: string;
  why: string;
  command: string;
  /** undefined where it is what any test of the project needs */
  needs?: Needs;
}

/** Where a tool is configured, but says nothing of tests: the clause that tells it. */
export interface NoCommand {
  why: string;
}

export function isCommand(found: OwnCommand | NoCommand): found is OwnCommand {
  return 'command' in found;
}

/** Names of requirements, in the form in which they are compared: `Foo_Bar[x]>=1` is `foo-bar`. */
function nameOf(requirement: string): string {
  const name = /^\s*([A-Za-z0-9][\w.-]{0,100})/.exec(requirement)?.[1] ?? '';
  return name.toLowerCase().replace(/[_.]/g, '-');
}

/** Whether one of the requirements is a package, or a plugin that brings it. */
export function brings(requirements: readonly string[], name: string): boolean {
  return requirements.some((each) => nameOf(each) === name || nameOf(each).startsWith(`${name}-`));
}

/** Whether a text can be the name of an extra or a group. */
export function isPlainName(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]{0,99}$/.test(text);
}

/** Whether a requirement has nothing that pip would take for an option, and no characters of its own for the shell. */
export function isPlainRequirement(text: string): boolean {
  return text.length <= 300 && /^[A-Za-z0-9][\w.\-[\], <>=!~;'"()*+@:/#]*$/.test(text);
}

/**
 * What arguments of `pip install` ask for, such as `-e .[test]`, `-r requirements.txt` or `pytest>=8`.
 * @returns undefined where they ask for anything else
 */
export function needsOf(args: readonly string[]): Needs | undefined {
  const needs: Needs = { project: false, extras: [], groups: [], requirements: [], packages: [] };
  for (let at = 0; at < args.length; at++) {
    const given = args[at] as string;
    const joined = /^(-r|-e|-c|--requirement=|--editable=|--constraint=)(.+)$/.exec(given);
    const option = joined ? (joined[1] as string).replace('=', '') : given;
    const value = joined ? (joined[2] as string).trim() : given.startsWith('-') ? (args[++at] ?? '') : given;
    const own = /^\.(?:\/)?(?:\[([\w.,\s-]+)\])?$/.exec(value);
    if (option === '--upgrade' || option === '-U' || option === '--quiet' || option === '-q') {
      at--;
    } else if (option === '-r' || option === '--requirement') {
      if (!/^[\w][\w./-]{0,200}$/.test(value)) return undefined;
      needs.requirements.push(value.replace(/^\.\//, ''));
    } else if (option === '--group' && isPlainName(value)) {
      needs.groups.push(value);
    } else if (own && ['-e', '--editable', given].includes(option)) {
      needs.project = true;
      needs.extras.push(
        ...(own[1] ?? '')
          .split(',')
          .map((extra) => extra.trim())
          .filter(isPlainName),
      );
    } else if (given.startsWith('-') || !isPlainRequirement(value)) {
      return undefined;
    } else needs.packages.push(value);
  }
  return needs;
}
