import type { Command } from 'commander';
import { asTyped, withCommandsAsTyped } from '../kernel/invocation.ts';
import { statusWords } from '../kernel/model.ts';
import { sizeText } from '../kernel/sizes.ts';
import type { SystemStatus } from '../web/schemas/system.ts';
import type { Problem } from '../web/schemas/terms.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, jsonOption } from './options.ts';
import { printTable } from './table.ts';
import { mark, paint, plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';
import { buildName } from './wording.ts';

/** Milliseconds after which the last warning is no longer shown; what lasts is among the problems. */
const warningAge = 60_000;

export function statusCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('status'))
    .summary('show the health of all stages')
    .description('Shows the health of every stage, the runners and the queues, and how to fix problems.')
    .action(async ({ json }: { json?: boolean }) => {
      const status = await Client.of(configOf(command)).get<SystemStatus>('/status');
      if (json) printJson(status);
      else await printStatus(status);
      if (!status.healthy) process.exitCode = 3;
    });
  return { command, examples: [['volt status', 'exits 0 if everything is healthy, else 3']] };
}

async function printStatus(status: SystemStatus): Promise<void> {
  const { redis, stages, runners, jobs, builds, record, disk, oldest, approvals, queues } = status;
  await printTable(
    ['', 'PART', 'STATE'],
    [
      [health(redis.reachable), 'redis', redis.reachable ? redisState(redis) : 'does not answer'],
      ...stages.flatMap(stageRows),
      runners
        ? [health(runners.count > runners.stopping + runners.drained), 'runners', runnersState(runners)]
        : ['', 'runners', 'unknown'],
      ['', 'jobs', jobs ? `${jobs.running} running, ${jobs.queued} waiting for a runner` : 'unknown'],
      ['', 'builds', builds ? `${builds.running} running, ${builds.queued} queued` : 'unknown'],
      [health(record.reachable), 'database', databaseState(record, disk)],
    ],
  );
  if (oldest) {
    print();
    const which = `${buildName(oldest)} ${plain(oldest.name)}`;
    print(`oldest waiting job: ${which}, ${statusWords[oldest.status]} ${ago(oldest.since)}: ${oldest.why}`);
  }
  if (approvals?.oldest) {
    print();
    print(approvalsText(approvals.count, approvals.oldest));
  }
  print();
  await printTable(
    ['QUEUE', 'WAITING', 'ACTIVE', 'DELAYED', 'DEAD LETTERS'],
    queues.map(({ name, waiting, prioritized, active, delayed, failed }) =>
      [name, waiting + prioritized, active, delayed, failed].map(String),
    ),
  );
  for (const problem of status.problems) printProblem(mark('error'), problem);
  for (const warning of status.warnings) printProblem(mark('cancelled'), warning);
}

function approvalsText(count: number, oldest: NonNullable<NonNullable<SystemStatus['approvals']>['oldest']>): string {
  const name = buildName(oldest);
  const which = count === 1 ? '1 job waits' : `${count} jobs wait`;
  const first = `${plain(oldest.name)} of ${name}, created ${ago(oldest.since)}`;
  return `${which} for approval: ${first}; see ${asTyped(`volt approve ${name}`)}`;
}

function printProblem(sign: string, { code, message, remedy }: Problem): void {
  print();
  print(`${sign} ${paint('bold', code)}: ${plain(message)}`);
  print(`    ${withCommandsAsTyped(plain(remedy))}`);
}

function databaseState({ bytes }: SystemStatus['record'], disk: SystemStatus['disk']): string {
  const used = bytes === null ? 'does not answer' : sizeText(bytes);
  return `${used}${disk ? `, ${sizeText(disk.free)} of ${sizeText(disk.total)} free on its disk` : ''}`;
}

function redisState({ version, appendOnly, memory }: SystemStatus['redis']): string {
  const used = memory
    ? `, uses ${sizeText(memory.used)}${memory.limit > 0 ? ` of ${sizeText(memory.limit)}` : ''} of memory`
    : '';
  return `answers, version ${version}${used}${appendOnly === false ? ', append-only file off' : ''}`;
}

function runnersState({ count, busy, slots, stopping, drained }: NonNullable<SystemStatus['runners']>): string {
  const gone = [stopping > 0 ? `, ${stopping} stopping` : '', drained > 0 ? `, ${drained} drained` : ''].join('');
  return `${count}, ${busy} of ${slots} slots busy${gone}`;
}

function stageRows({ kind, alive, members }: SystemStatus['stages'][number]): string[][] {
  if (alive === null) return [['', kind, 'unknown']];
  if (!alive) return [[health(false), kind, 'not running']];
  return members.map(({ host, pid, version, heartbeatAt, vitals }) => {
    const warning = vitals?.warnings.last;
    const said =
      warning && Date.now() - Date.parse(warning.at) < warningAge
        ? `; last ${warning.level} ${ago(warning.at)}: ${plain(warning.message)}${workOf(warning.about)}`
        : '';
    return [health(true), kind, `${plain(host)} (process ${pid}), ${version}, seen ${ago(heartbeatAt)}${said}`];
  });
}

/** ` (repo sample, build 12)`, or nothing */
function workOf(about: { [field: string]: string }): string {
  const fields = Object.entries(about).map(([field, value]) => `${field} ${plain(value)}`);
  return fields.length > 0 ? ` (${fields.join(', ')})` : '';
}

function health(well: boolean): string {
  return mark(well ? 'success' : 'error');
}
