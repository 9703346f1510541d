import type { Command } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import { configOf, jsonOption } from './options.ts';

interface DoctorOptions {
  deep?: boolean;
  mend?: boolean;
  json?: boolean;
}

export function doctorCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('doctor'))
    .summary('check what Volt needs, and say how to mend it')
    .description(
      'Checks Node.js, git, what keeps jobs apart, Redis, the data directory, its disk and the record, and the web stage. Exits 3 where something keeps Volt from working.',
    )
    .option('--deep', 'also compare record, logs, test_results/, Redis and mirrors with each other')
    .option('--mend', 'with --deep: mend what would not mend itself, where Volt can')
    .action(async ({ json = false, deep = false, mend = false }: DoctorOptions) => {
      if (mend && !deep) {
        throw new VoltError('usage', '--mend goes with --deep only', {
          remedy: 'Give both: `volt doctor --deep --mend`.',
        });
      }
      const { examine } = await import('./doctor/examine.ts');
      process.exitCode = await examine(configOf(command), { json, deep, mend });
    });
  return {
    command,
    environment: stageSettings,
    examples: [
      ['volt doctor', 'on a machine where something does not work'],
      ['volt doctor --deep --data /srv/volt', 'after a crash of the machine, or a restore'],
    ],
  };
}
