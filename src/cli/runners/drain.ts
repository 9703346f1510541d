import type { Command } from 'commander';
import { VoltError } from '../../kernel/errors.ts';
import { pause } from '../../system/wait.ts';
import { stateText } from '../../web/status/runner-state.ts';
import { Client } from '../client.ts';
import { configOf } from '../options.ts';
import { plain, print } from '../terminal.ts';
import { allRunners, type RunnerEntry } from './entries.ts';
import { cannotDrain } from './list.ts';

/** Milliseconds between two requests for the runners. */
const interval = 1000;

interface DrainOptions {
  all?: boolean;
  reason?: string;
  wait?: boolean;
}

export function drainCommand(runners: Command): void {
  const command = runners
    .command('drain')
    .description(
      'Lets runners finish their jobs and take no others until they are resumed, even after a restart of the runner or of Volt.',
    )
    .argument('[name...]', 'names of runners, as in `volt runners`')
    .option('--all', 'all connected runners')
    .option('--reason <text>', 'shown beside the runner')
    .option('-w, --wait', 'return when they have ended and reported all of their jobs')
    .action(async (names: string[], { all, reason, wait }: DrainOptions) => {
      const client = Client.of(configOf(command));
      const chosen = await choose(names, all, async () => (await allRunners(client)).runners.map(({ name }) => name));
      for (const name of chosen) {
        await client.post(`/runners/${encodeURIComponent(name)}/drain`, reason === undefined ? {} : { reason });
        if (!wait) print(`${plain(name)} takes no more jobs`);
      }
      if (chosen.length === 0) print('no runner is connected');
      if (wait) await untilDrained(client, chosen);
    });
}

export function resumeCommand(runners: Command): void {
  const command = runners
    .command('resume')
    .description('Lets drained runners take jobs again.')
    .argument('[name...]', 'names of runners, as in `volt runners`')
    .option('--all', 'all drained runners')
    .action(async (names: string[], { all }: DrainOptions) => {
      const client = Client.of(configOf(command));
      const chosen = await choose(names, all, async () => {
        const { runners, away } = await allRunners(client);
        return [...runners.flatMap(({ drain }) => drain?.runner ?? []), ...away.map(({ runner }) => runner)];
      });
      for (const name of chosen) {
        await client.post(`/runners/${encodeURIComponent(name)}/resume`);
        print(`${plain(name)} takes jobs again`);
      }
      if (chosen.length === 0) print('no runner is drained');
    });
}

/** @throws VoltError `usage` unless either names or --all are given */
async function choose(names: string[], all: boolean | undefined, listAll: () => Promise<string[]>): Promise<string[]> {
  if (names.length > 0 === (all === true)) {
    throw new VoltError('usage', 'which runners?', { remedy: 'Give names, or --all; `volt runners` lists them.' });
  }
  return [...new Set(all ? await listAll() : names)];
}

/** Prints each change of state. A job has a time limit, so this ends. @throws VoltError `conflict`, `unsupported` */
async function untilDrained(client: Client, names: readonly string[]): Promise<void> {
  const printed = new Map<string, string>();
  for (;;) {
    const { runners } = await allRunners(client);
    const ours = runners.filter(({ name }) => names.includes(name));
    for (const name of names) {
      const text = describe(ours.filter((runner) => runner.name === name));
      if (printed.get(name) !== text) print(`${plain(name)}: ${text}`);
      printed.set(name, text);
    }
    const resumed = ours.find(({ drain }) => drain === null);
    if (resumed) {
      throw new VoltError('conflict', `${plain(resumed.name)} was resumed meanwhile`, {
        remedy: 'Drain it again if nobody needs it.',
      });
    }
    const stuck = ours.find(({ canDrain }) => !canDrain);
    if (stuck) throw new VoltError('unsupported', `${plain(stuck.name)} still takes jobs`, { remedy: cannotDrain });
    if (ours.every(({ state }) => state === 'drained')) return;
    await pause(interval);
  }
}

/** @param same the runners of one name */
function describe(same: readonly RunnerEntry[]): string {
  return [...new Set(same.map(stateText))].join(', ') || 'not connected';
}
