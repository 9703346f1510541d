import type { Command } from 'commander';
import { Client } from '../client.ts';
import type { CommandFile } from '../command.ts';
import { withCommandsAsTyped } from '../invocation.ts';
import { configOf, jsonOption } from '../options.ts';
import { printTable } from '../table.ts';
import { mark, paint, plain, print, printJson } from '../terminal.ts';
import { ago, took } from '../times.ts';
import { type ShownRepository, watchedRefs } from './repository.ts';

export function repoLsCommand(group: Command): CommandFile {
  const command = jsonOption(group.command('ls'))
    .summary('list the repositories')
    .description('Lists the repositories, when Volt last polled them, and why a poll failed.')
    .action(async ({ json }: { json?: boolean }) => {
      const repos = await Client.of(configOf(command)).all<ShownRepository>('/repos', 'repos');
      if (json) printJson({ repos, next: null });
      else if (repos.length === 0) print(withCommandsAsTyped('no repositories; add one with `volt repo add NAME URL`'));
      else printRepositories(repos);
    });
  return {
    command,
    examples: [
      ['volt repo ls', 'one line for each, with problems below'],
      ['volt repo ls --json', 'all details, for scripts'],
    ],
  };
}

function printRepositories(repos: ShownRepository[]): void {
  printTable(
    ['', 'NAME', 'REFS', 'COMMITS', 'POLL', 'POLLED', 'RUNS', 'URL'],
    repos.map((repo) => [
      mark(repo.error ? 'error' : repo.observedAt ? 'success' : 'waiting'),
      repo.visibility === 'internal' ? repo.name : `${repo.name} (${repo.visibility})`,
      watchedRefs(repo),
      repo.commits,
      `${repo.pollSeconds} s`,
      repo.observedAt === null ? 'never' : ago(repo.observedAt),
      repo.command === null ? 'workflows or tests' : excerpt(plain(repo.command)),
      plain(repo.url) + (repo.host === null ? '' : ` on ${plain(repo.host)}`),
    ]),
  );
  for (const { name, error, notice, retryAt } of repos) {
    if (error) {
      print();
      print(
        `${mark('error')} ${paint('bold', name)}: ${error.code}, since ${ago(error.since)}: ${plain(error.message)}`,
      );
      print(`    ${withCommandsAsTyped(plain(error.remedy))}${retryWords(retryAt)}`);
    } else if (notice) {
      print();
      print(`${mark('waiting')} ${paint('bold', name)}: ${plain(notice)}`);
    }
  }
}

function retryWords(retryAt: string | null): string {
  if (retryAt === null || Date.parse(retryAt) <= Date.now()) return '';
  return ` The next poll is in ${took(new Date().toISOString(), retryAt)}.`;
}

function excerpt(text: string): string {
  return text.length <= 30 ? text : `${text.slice(0, 29)}…`;
}
