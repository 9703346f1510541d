import type { Command } from 'commander';
import { clockFault } from '../redis/clock-fault.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { withCommandsAsTyped } from './invocation.ts';
import { configOf, jsonOption } from './options.ts';
import { printTable } from './table.ts';
import { mark, plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

interface RunnerEntry {
  id: string;
  name: string;
  host: string;
  labels: string[];
  slots: number;
  /** absent from a Volt of an older version */
  repos?: string[][];
  running: string[];
  heartbeatAt: string;
  version: string;
  draining?: boolean;
  problems: { code: string; message: string; remedy: string }[];
  vitals?: { clockAhead?: number };
}

export function runnersCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('runners'))
    .summary('list the runners')
    .description('Lists the connected runners and the jobs that they run.')
    .action(async ({ json }: { json?: boolean }) => {
      const runners = await Client.of(configOf(command)).all<RunnerEntry>('/runners', 'runners');
      if (json) printJson({ runners, next: null });
      else if (runners.length === 0) print(withCommandsAsTyped('no runners; start one with `volt runner`'));
      else printRunners(runners);
    });
  return { command, examples: [['volt runners', 'all runners']] };
}

function printRunners(runners: RunnerEntry[]): void {
  printTable(
    ['RUNNER', 'HOST', 'STATE', 'BUSY', 'VERSION', 'SEEN', 'JOBS', 'LABELS', 'REPOSITORIES'],
    runners.map((runner) => [
      plain(runner.name),
      plain(runner.host),
      stateOf(runner),
      `${runner.running.length}/${runner.slots}`,
      runner.version,
      ago(runner.heartbeatAt),
      runner.running.join(' ') || '-',
      runner.labels.join(' '),
      (runner.repos ?? []).map((globs) => globs.map(plain).join(' ')).join(' & ') || 'all',
    ]),
  );
  for (const runner of runners) {
    const fault = clockFault(runner);
    if (fault !== undefined)
      print(`${mark('cancelled')} ${plain(runner.name)}: ${fault}; Volt corrects the times of its jobs`);
  }
  for (const { name, problems } of runners) {
    for (const { message, remedy } of problems) {
      print(`${mark('error')} ${plain(name)}: ${plain(message)}`);
      print(`    ${plain(remedy)}`);
    }
  }
}

function stateOf({ draining, problems }: RunnerEntry): string {
  if (draining === true) return 'stopping';
  return problems.some(({ code }) => code === 'runner_unfit') ? 'unhealthy' : 'ready';
}
