import type { Command } from 'commander';
import { withCommandsAsTyped } from '../../kernel/invocation.ts';
import { clockFault } from '../../redis/clock-fault.ts';
import { stateText } from '../../web/status/runner-state.ts';
import { Client } from '../client.ts';
import { configOf, jsonOption } from '../options.ts';
import { printEntries } from '../table.ts';
import { mark, plain, print, printJson } from '../terminal.ts';
import { ago } from '../times.ts';
import { type AwayRunner, allRunners, type RunnerEntry } from './entries.ts';

export function listRunnersCommand(program: Command): Command {
  const command = jsonOption(program.command('runners'))
    .summary('list the runners, drain and resume them')
    .description('Lists the connected runners, the jobs that they run, and the drained runners.')
    .action(async ({ json }: { json?: boolean }) => {
      const { runners, away } = await allRunners(Client.of(configOf(command)));
      if (json) printJson({ runners, away, next: null });
      else await printRunners(runners, away);
    });
  return command;
}

async function printRunners(runners: RunnerEntry[], away: AwayRunner[]): Promise<void> {
  await printEntries(runners, withCommandsAsTyped('no runners; start one with `volt runner`'), {
    RUNNER: ({ name }) => plain(name),
    HOST: ({ host }) => plain(host),
    STATE: stateText,
    BUSY: ({ running, slots }) => `${running.length}/${slots}`,
    VERSION: ({ version }) => version,
    SEEN: ({ heartbeatAt }) => ago(heartbeatAt),
    JOBS: ({ running }) => running.join(' ') || '-',
    LABELS: ({ labels }) => labels.join(' '),
    REPOSITORIES: ({ repos }) => repos.map((globs) => globs.map(plain).join(' ')).join(' & ') || 'all',
  });
  for (const { name, drain, canDrain } of runners) {
    if (drain) print(`${mark('cancelled')} ${drainText(name, drain)}`);
    if (drain && !canDrain) print(`    ${cannotDrain}`);
  }
  for (const drain of away) print(`${mark('cancelled')} ${drainText(drain.runner, drain)}; not connected`);
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

/** What to know of a runner that takes jobs although it is drained. */
export const cannotDrain = 'It is of an older version of Volt, which cannot be drained; stop it instead.';

function drainText(runner: string, { by, since, reason }: AwayRunner): string {
  return `${plain(runner)}: drained by ${plain(by)} ${ago(since)}${reason === null ? '' : `: ${plain(reason)}`}`;
}
