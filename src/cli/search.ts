import { type Command, Option } from 'commander';
import { type SearchKind, searchKinds } from '../kernel/search-results.ts';
import type { searchResults } from '../web/schemas/search.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, integer, jsonOption } from './options.ts';
import { printEntries } from './table.ts';
import { mark, plain, printJson } from './terminal.ts';
import { shortSha } from './wording.ts';

interface SearchOptions {
  kind?: SearchKind;
  repo?: string;
  limit: number;
  json?: boolean;
}

export function searchCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('search'))
    .summary('find repositories, builds, branches, commits, tests and authors')
    .description(
      'Finds what has all words in its name or in that of its repository: repositories, builds by subject or REPO#NUMBER, branches, commits by the beginning of their sha, tests and authors.',
    )
    .argument('<words...>', 'what to look for')
    .addOption(new Option('--kind <kind>', 'only results of this kind').choices([...searchKinds]))
    .option('--repo <name>', 'only results of this repository')
    .option('--limit <number>', 'show at most this many results of each kind', integer(1, 50), 8)
    .action(async (words: string[], { json, ...filter }: SearchOptions) => {
      const found = await Client.of(configOf(command)).get<Answer<typeof searchResults>>('/search', {
        q: words.join(' '),
        ...filter,
      });
      if (json) return printJson(found);
      await printEntries(found.results, 'nothing found', {
        '': ({ status }) => (status === null ? '' : mark(status)),
        KIND: ({ kind }) => kind,
        REPOSITORY: ({ repo }) => repo ?? '',
        NAME: ({ kind, name }) => (kind === 'commit' ? shortSha(name) : plain(name)),
        DETAIL: ({ detail }) => plain(detail),
      });
    });
  return {
    command,
    examples: [
      ['volt search my-project main', 'everything of my-project with main in its name'],
      ['volt search 1a2b3c4d', 'the builds of a commit'],
      ['volt search --kind test adds numbers', 'tests alone'],
    ],
  };
}
