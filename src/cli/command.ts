import type { Command } from 'commander';

/** A command of `volt` as its file adds it to the program, with what is shown below its help. */
export interface CommandFile {
  command: Command;
  /** each written as `volt …`; those of a subcommand are shown with it as well */
  examples: [line: string, meaning: string][];
  /** what its exit code 1 says, where that tells of a build (true) or of something else */
  judges?: boolean | string;
  /** the settings that matter to it; those of the commands that talk to the web stage where it is absent */
  environment?: readonly string[];
}
