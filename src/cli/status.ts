import type { Command } from 'commander';
import type { SystemStatus } from '../web/api/schemas.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, jsonOption } from './options.ts';
import { printTable } from './table.ts';
import { mark, paint, plain, print, printJson } from './terminal.ts';

export function statusCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('status'))
    .summary('show the health of all parts')
    .description('Shows the health of every stage, the fleet and the queues, and how to mend what is not well.')
    .action(async ({ json }: { json?: boolean }) => {
      const status = await Client.of(configOf(command)).get<SystemStatus>('/status');
      if (json) printJson(status);
      else printStatus(status);
      if (!status.healthy) process.exitCode = 3;
    });
  return { command, examples: [['volt status', 'exits 0 when all is well, else 3']] };
}

function printStatus({ redis, stages, runners, queues, builds, problems }: SystemStatus): void {
  printTable(
    ['', 'PART', 'STATE'],
    [
      [health(redis.reachable), 'redis', redis.reachable ? 'answers' : 'does not answer'],
      [health(true), 'web', 'answers'],
      ...stages.filter(({ kind }) => kind !== 'web').map(stageRow),
      [health(runners.count > 0), 'runners', `${runners.count}, ${runners.busy} of ${runners.slots} slots busy`],
      ['', 'builds', `${builds.running} running, ${builds.queued} queued`],
    ],
  );
  print();
  printTable(
    ['QUEUE', 'WAITING', 'ACTIVE', 'DELAYED', 'SET ASIDE'],
    queues.map(({ name, waiting, prioritized, active, delayed, failed }) =>
      [name, waiting + prioritized, active, delayed, failed].map(String),
    ),
  );
  for (const { code, message, remedy } of problems) {
    print();
    print(`${mark('error')} ${paint('bold', code)}: ${plain(message)}`);
    print(`    ${plain(remedy)}`);
  }
}

function stageRow({ kind, alive, members }: SystemStatus['stages'][number]): string[] {
  const where = members.map(({ host, pid }) => `${plain(host)} (process ${pid})`).join(', ');
  return [health(alive), kind, alive ? where : 'none is up'];
}

function health(well: boolean): string {
  return mark(well ? 'success' : 'error');
}
