import type { Command } from 'commander';

/** `volt` and a command with its arguments, in a sentence or a script; a comment, a pipe or a quote ends it. */
const usage = /\bvolt ((?:[a-z-]+)(?: [^\n`|;&#<)]*)?)/g;

/**
 * What is wrong with the `volt` commands that a page names: commands and options that do not exist. A word after "volt"
 * that is no command counts as prose, unless options follow.
 * @param page the whole page, with its blocks of code
 */
export function wrongCommands(program: Command, page: string): string[] {
  const wrong = new Set<string>();
  for (const [, line = ''] of page.matchAll(usage)) {
    const words = line.trim().split(/\s+/);
    const isCommand = subcommand(program, words[0]) !== undefined;
    if (!isCommand && !words[1]?.startsWith('--')) continue;
    const problem = problemWith(program, words);
    if (problem !== undefined) wrong.add(`volt ${line.trim()}: ${problem}`);
  }
  return [...wrong];
}

/**
 * Why a command line of `volt` cannot be typed.
 * @param words after `volt`
 */
export function problemWith(program: Command, words: readonly string[]): string | undefined {
  const [first, second] = words;
  if (first === undefined || first.startsWith('-')) return wrongOption([program], words);
  const command = subcommand(program, first);
  if (!command) return `there is no command ${first}`;
  const inner = subcommand(command, second);
  // a placeholder such as NAME is no command
  const isGroup = command.commands.length > 0 && command.registeredArguments.length === 0;
  if (isGroup && !inner && second !== undefined && /^[a-z]/.test(second)) return `${first} has no command ${second}`;
  return wrongOption([program, command, ...(inner ? [inner] : [])], words);
}

function subcommand(of: Command, name: string | undefined): Command | undefined {
  return of.commands.find((each) => name !== undefined && (each.name() === name || each.aliases().includes(name)));
}

function wrongOption(commands: readonly Command[], words: readonly string[]): string | undefined {
  const known = ['--help', ...commands.flatMap(({ options }) => options.map(({ long }) => long))];
  const named = words.flatMap((word) => /^--[a-z][a-z-]*/.exec(word)?.[0] ?? []);
  return named.find((option) => !known.includes(option));
}
