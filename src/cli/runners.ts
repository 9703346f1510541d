import type { Command } from 'commander';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { withCommandsAsTyped } from './invocation.ts';
import { configOf, jsonOption } from './options.ts';
import { printTable } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

interface RunnerEntry {
  id: string;
  name: string;
  host: string;
  labels: string[];
  slots: number;
  running: string[];
  heartbeatAt: string;
  version: string;
  draining?: boolean;
}

export function runnersCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('runners'))
    .summary('list the runners')
    .description('Lists the runners that are there, and what they run.')
    .action(async ({ json }: { json?: boolean }) => {
      const page = await Client.of(configOf(command)).get<{ runners: RunnerEntry[] }>('/runners');
      if (json) printJson(page);
      else if (page.runners.length === 0) print(withCommandsAsTyped('no runners; start one with `volt runner`'));
      else printRunners(page.runners);
    });
  return { command, examples: [['volt runners', 'the fleet']] };
}

function printRunners(runners: RunnerEntry[]): void {
  printTable(
    ['RUNNER', 'HOST', 'STATE', 'BUSY', 'VERSION', 'SEEN', 'RUNS', 'LABELS'],
    runners.map((runner) => [
      plain(runner.name),
      plain(runner.host),
      runner.draining === true ? 'stopping' : 'serving',
      `${runner.running.length}/${runner.slots}`,
      runner.version,
      ago(runner.heartbeatAt),
      runner.running.join(' ') || '-',
      runner.labels.join(' '),
    ]),
  );
}
