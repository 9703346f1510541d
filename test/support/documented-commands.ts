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
    const options = words.map((word) => /^--[a-z][a-z-]*/.exec(word)?.[0]).filter((option) => option !== undefined);
    const command = program.commands.find((each) => each.name() === words[0]);
    if (!command) {
      if (words[1]?.startsWith('--')) wrong.add(`volt ${line}`);
      continue;
    }
    const inner = command.commands.find((each) => each.name() === words[1]) ?? command;
    const known = [...inner.options, ...command.options, ...program.options].map(({ long }) => long);
    for (const option of options)
      if (option !== '--help' && !known.includes(option)) wrong.add(`volt ${line.trim()}: ${option}`);
  }
  return [...wrong];
}
