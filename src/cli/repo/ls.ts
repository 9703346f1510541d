import type { Command } from 'commander';
import { Client } from '../client.ts';
import type { CommandFile } from '../command.ts';
import { withCommandsAsTyped } from '../invocation.ts';
import { configOf, jsonOption } from '../options.ts';
import { printTable } from '../table.ts';
import { mark, paint, plain, print, printJson } from '../terminal.ts';
import { ago, took } from '../times.ts';
import { observedWords, type ShownRepository } from './repository.ts';

export function repoLsCommand(group: Command): CommandFile {
  const command = jsonOption(group.command('ls'))
    .summary('list the observed repositories')
    .description('Lists what is observed, when it was last looked at, and what keeps it from being looked at.')
    .action(async ({ json }: { json?: boolean }) => {
      const repos = await Client.of(configOf(command)).all<ShownRepository>('/repos', 'repos');
      if (json) printJson({ repos, next: null });
      else if (repos.length === 0) print(withCommandsAsTyped('nothing is observed; see `volt repo add --help`'));
      else printRepositories(repos);
    });
  return {
    command,
    examples: [
      ['volt repo ls', 'one line for each, and what is wrong below'],
      ['volt repo ls --json', 'all that is known of them'],
    ],
  };
}

function printRepositories(repos: ShownRepository[]): void {
  printTable(
    ['', 'NAME', 'OBSERVED', 'COMMITS', 'POLL', 'SEEN', 'RUNS', 'ADDRESS'],
    repos.map((repo) => [
      mark(repo.error ? 'error' : repo.observedAt ? 'success' : 'waiting'),
      repo.visibility === 'internal' ? repo.name : `${repo.name} (${repo.visibility})`,
      observedWords(repo),
      repo.commits,
      `${repo.pollSeconds} s`,
      repo.observedAt === null ? 'never' : ago(repo.observedAt),
      repo.command === null ? 'its tests' : excerpt(plain(repo.command)),
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
  return ` The next look is in ${took(new Date().toISOString(), retryAt)}.`;
}

function excerpt(text: string): string {
  return text.length <= 30 ? text : `${text.slice(0, 29)}…`;
}
