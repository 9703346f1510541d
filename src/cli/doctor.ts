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
    .summary('check what Volt needs, and say how to mend it')
    .description(
      'Checks Node.js, git, what keeps jobs apart, Redis, the data directory, its disk and the record, and the web stage. Exits 3 where something keeps Volt from working.',
    )
    .option('--deep', 'also compare record, logs, test_results/, Redis and mirrors with each other')
    .option('--mend', 'the same, and mend what can be mended without a doubt')
    .option('--dry-run', 'with --mend: only say what would be mended')
    .action(async ({ json = false, deep = false, mend = false, dryRun = false }: DoctorOptions) => {
      if (dryRun && !mend) {
        throw new VoltError('usage', '--dry-run goes with --mend only', {
          remedy: 'Give both: `volt doctor --mend --dry-run`.',
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
      ['volt doctor --mend --dry-run --data /srv/volt', 'see what could be mended; without --dry-run it is'],
    ],
  };
}
