import { type Command, InvalidArgumentError, Option } from 'commander';
import { type BuildSummary, type Status, statuses, statusWords } from '../kernel/model.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, integer, jsonOption } from './options.ts';
import { printTable } from './table.ts';
import { mark, paint, plain, print, printJson, verdict } from './terminal.ts';
import { ago, took } from './times.ts';
import { buildName, shortRef, shortSha } from './wording.ts';

interface BuildsOptions {
  repo?: string;
  branch?: string;
  status?: Status;
  commit?: string;
  before?: string;
  limit: number;
  json?: boolean;
}

export function buildsCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('builds'))
    .summary('list builds')
    .description('Lists builds, newest first.')
    .option('--repo <name>', 'only builds of this repository')
    .option('--branch <name>', 'only builds of this branch')
    .addOption(
      new Option(
        '--status <status>',
        `only builds with this status: ${statuses.join(', ')}, or the word shown for it`,
      ).argParser(statusOf),
    )
    .option('--commit <sha>', 'only builds of this commit (full sha)')
    .option('--before <id>', 'only builds older than the one with this id; use it to get the next page')
    .option('--limit <number>', 'show at most this many builds', integer(1, 500), 20)
    .action(async ({ json, repo, branch, status, commit, before, limit }: BuildsOptions) => {
      const filter = { repo, branch, status, sha: commit, before, limit };
      const page = await Client.of(configOf(command)).get<{ builds: BuildSummary[]; next: string | null }>(
        '/builds',
        filter,
      );
      if (json) printJson(page);
      else if (page.builds.length === 0) print('no builds');
      else {
        printBuilds(page.builds);
        if (page.next !== null && process.stdout.isTTY) print(paint('dim', `next page: --before ${page.next}`));
      }
    });
  return {
    command,
    examples: [
      ['volt builds', 'the newest builds of all repositories'],
      ['volt builds --repo my-project --branch main --status failure', 'what failed on main'],
    ],
  };
}

/** @param text a status, or the word that people see for it */
function statusOf(text: string): Status {
  const found = statuses.find((status) => status === text || statusWords[status] === text);
  if (found) return found;
  const choices = statuses.map((status) => {
    const word = statusWords[status];
    return word === status ? status : `${status} (${word})`;
  });
  throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
}

function printBuilds(builds: BuildSummary[]): void {
  printTable(
    ['', 'BUILD', 'STATUS', 'REF', 'COMMIT', 'DURATION', 'CREATED', 'SUBJECT'],
    builds.map((build) => [
      mark(build.status),
      buildName(build),
      verdict(build.status),
      shortRef(build.ref),
      shortSha(build.sha),
      took(build.startedAt, build.finishedAt),
      ago(build.createdAt),
      plain(build.subject),
    ]),
  );
}
