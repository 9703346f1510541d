import type { Command } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import { configOf, jsonOption } from './options.ts';

interface DoctorOptions {
  deep?: boolean;
  mend?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

export function doctorCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('doctor'))
    .summary('check what Volt needs, and say how to fix it')
    .description(
      'Checks Node.js, git, the isolation of jobs, Redis, the data directory, its disk, kept installs, the database and the web stage. Exits with 3 if something keeps Volt from working.',
    )
    .option('--deep', 'also compare the database, logs, test_results/, Redis and mirrors with each other')
    .option('--mend', 'the same, and repair what is certain')
    .option('--dry-run', 'with --mend: only list the repairs')
    .action(async ({ json = false, deep = false, mend = false, dryRun = false }: DoctorOptions) => {
      if (dryRun && !mend) {
        throw new VoltError('usage', '--dry-run works only with --mend', {
          remedy: 'Use both: `volt doctor --mend --dry-run`.',
        });
      }
      const { examine } = await import('./doctor/examine.ts');
      process.exitCode = await examine(configOf(command), { json, deep: deep || mend, mend: mend && !dryRun });
    });
  return {
    command,
    environment: stageSettings,
    examples: [
      ['volt doctor', 'on a machine where something does not work'],
      ['volt doctor --deep --data /srv/volt', 'after a crash of the machine, or a restore'],
      ['volt doctor --mend --dry-run --data /srv/volt', 'list the repairs without making them'],
    ],
  };
}
