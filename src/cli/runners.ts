import type { Command } from 'commander';
import { clockFault } from '../redis/clock-fault.ts';
import type { runnerList } from '../web/schemas/system.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { withCommandsAsTyped } from './invocation.ts';
import { configOf, jsonOption } from './options.ts';
import { printEntries } from './table.ts';
import { mark, plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

type RunnerEntry = Answer<typeof runnerList>['runners'][number];

export function runnersCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('runners'))
    .summary('list the runners')
    .description('Lists the connected runners and the jobs that they run.')
    .action(async ({ json }: { json?: boolean }) => {
      const runners = await Client.of(configOf(command)).all<RunnerEntry>('/runners', 'runners');
      if (json) printJson({ runners, next: null });
      else await printRunners(runners);
    });
  return { command, examples: [['volt runners', 'all runners']] };
}

async function printRunners(runners: RunnerEntry[]): Promise<void> {
  await printEntries(runners, withCommandsAsTyped('no runners; start one with `volt runner`'), {
    RUNNER: ({ name }) => plain(name),
    HOST: ({ host }) => plain(host),
    STATE: stateOf,
    BUSY: ({ running, slots }) => `${running.length}/${slots}`,
    VERSION: ({ version }) => version,
    SEEN: ({ heartbeatAt }) => ago(heartbeatAt),
    JOBS: ({ running }) => running.join(' ') || '-',
    LABELS: ({ labels }) => labels.join(' '),
    REPOSITORIES: ({ repos }) => repos.map((globs) => globs.map(plain).join(' ')).join(' & ') || 'all',
  });
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
