import { type Command, Option } from 'commander';
import { type BuildSummary, statuses } from '../kernel/model.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, integer, jsonOption } from './options.ts';
import { printTable } from './table.ts';
import { mark, plain, print, printJson, verdict } from './terminal.ts';
import { ago, took } from './times.ts';
import { buildArgument, shortRef, shortSha } from './wording.ts';

interface BuildsOptions {
  repo?: string;
  branch?: string;
  status?: string;
  limit: number;
  json?: boolean;
}

export function buildsCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('builds'))
    .summary('list builds')
    .description('Lists builds, newest first.')
    .option('--repo <name>', 'only of this repository')
    .option('--branch <name>', 'only of this branch')
    .addOption(new Option('--status <status>', 'only with this status').choices(statuses))
    .option('--limit <number>', 'at most so many', integer(1, 500), 20)
    .action(async ({ json, repo, branch, status, limit }: BuildsOptions) => {
      const filter = { repo, branch, status, limit };
      const page = await Client.of(configOf(command)).get<{ builds: BuildSummary[] }>('/builds', filter);
      if (json) printJson(page);
      else if (page.builds.length === 0) print('no builds');
      else printBuilds(page.builds);
    });
  return {
    command,
    examples: [
      ['volt builds', 'the newest of all repositories'],
      ['volt builds --repo my-project --branch main --status failure', 'what failed on main'],
    ],
  };
}

function printBuilds(builds: BuildSummary[]): void {
  printTable(
    ['', 'BUILD', 'STATUS', 'REF', 'COMMIT', 'TOOK', 'MADE', 'SUBJECT'],
    builds.map((build) => [
      mark(build.status),
      buildArgument(build),
      verdict(build.status),
      shortRef(build.ref),
      shortSha(build.sha),
      took(build.startedAt, build.finishedAt),
      ago(build.createdAt),
      plain(build.subject),
    ]),
  );
}
