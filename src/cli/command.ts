import type { Command } from 'commander';

/** A command of `volt` as its file adds it to the program: the examples are shown below its help. */
export interface CommandFile {
  command: Command;
  examples: [line: string, meaning: string][];
}
