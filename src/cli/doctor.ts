import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { configOf, jsonOption } from './options.ts';

interface DoctorOptions {
  deep?: boolean;
  json?: boolean;
}

export function doctorCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('doctor'))
    .summary('check what Volt needs, and say how to mend it')
    .description(
      'Checks Node.js, git, what keeps jobs apart, Redis, the data directory, its disk and the record, and the web stage. Exits 3 where something keeps Volt from working.',
    )
    .action(async ({ json = false }: DoctorOptions) => {
      const { examine } = await import('./doctor/examine.ts');
      process.exitCode = await examine(configOf(command), { json });
    });
  return {
    command,
    examples: [['volt doctor', 'on a machine where something does not work']],
  };
}
