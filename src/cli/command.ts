import type { Command } from 'commander';

/** A command of `volt` as its file adds it to the program, with what is shown below its help. */
export interface CommandFile {
  command: Command;
  /** each written as `volt …`; those of a subcommand are shown with it as well */
  examples: [line: string, meaning: string][];
  /** whether its exit code tells what came of a build */
  judges?: boolean;
  /** the settings that matter to it; those of the commands that talk to the web stage where it is absent */
  environment?: readonly string[];
}
