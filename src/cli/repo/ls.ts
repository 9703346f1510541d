import type { Command } from 'commander';
import { withCommandsAsTyped } from '../../kernel/invocation.ts';
import { Client } from '../client.ts';
import type { CommandFile } from '../command.ts';
import { configOf, jsonOption } from '../options.ts';
import { printEntries } from '../table.ts';
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
      else await printRepositories(repos);
    });
  return {
    command,
    examples: [
      ['volt repo ls', 'one line for each, with problems below'],
      ['volt repo ls --json', 'all details, for scripts'],
    ],
  };
}

async function printRepositories(repos: ShownRepository[]): Promise<void> {
  await printEntries(repos, withCommandsAsTyped('no repositories; add one with `volt repo add NAME URL`'), {
    '': ({ error, observedAt }) => mark(error ? 'error' : observedAt ? 'success' : 'waiting'),
    NAME: ({ name, visibility }) => (visibility === 'internal' ? name : `${name} (${visibility})`),
    REFS: watchedRefs,
    COMMITS: ({ commits }) => commits,
    POLL: ({ pollSeconds }) => `${pollSeconds} s`,
    POLLED: ({ observedAt }) => (observedAt === null ? 'never' : ago(observedAt)),
    RUNS: ({ command }) => (command === null ? 'workflows or tests' : excerpt(plain(command))),
    URL: ({ url, host }) => plain(url) + (host === null ? '' : ` on ${plain(host)}`),
  });
  for (const { name, error, notice, retryAt } of repos) {
    if (error) {
      print();
      print(
        `${mark('error')} ${paint('bold', name)}: ${error.code}, first seen ${ago(error.since)}: ${plain(error.message)}`,
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
