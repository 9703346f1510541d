import { type Command, Option } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import { type TokenScope, tokenScopes } from '../kernel/token-scope.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { collect, configOf, jsonOption } from './options.ts';
import { printTable } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

interface Token {
  name: string;
  scope: TokenScope;
  repos: string[] | null;
  person: string;
  createdBy: string;
  createdAt: string;
  lastUsedAt: string | null;
}

interface RemovedTokens {
  removed: string[];
  madeForOthers: string[];
}

interface AddOptions {
  scope: TokenScope;
  repo?: string[];
  for?: string;
  json?: boolean;
}

/** What a token is for, where it is not for everything and called as whoever has it. */
function wordsOf({ name, repos, person }: Token): string {
  const whose = person === name ? '' : `, for ${person}`;
  return repos === null
    ? whose
    : `${whose}, for the ${repos.length === 1 ? 'repository' : 'repositories'} ${repos.join(', ')}`;
}

export function tokenCommand(program: Command): CommandFile {
  const command = program
    .command('token')
    .summary('tokens for people and programs')
    .description(
      'Makes, lists and revokes tokens: by them dashboard, API and commands (VOLT_TOKEN) know who may do what. read: look at everything but secrets; write: trigger, cancel and retry as well; admin: everything.',
    );
  const add = jsonOption(command.command('add'))
    .description('Makes a token and prints it, this once.')
    .argument('<name>', '1 to 64 of a-z, 0-9, ".", "_" and "-"; what the audit log calls its bearer')
    .addOption(new Option('--scope <scope>', 'what it is good for').choices([...tokenScopes]).default('read'))
    .option('--repo <name>', 'only for this repository, and for it although it is private; may be repeated', collect)
    .option('--for <person>', 'whose it is; `volt token rm --all-of` revokes all tokens of a person')
    .action(async (name: string, { repo: repos, for: person, ...options }: AddOptions) => {
      const { scope, json } = options;
      const wish = { name, scope, repos, person };
      const made = await Client.of(configOf(add)).post<Token & { token: string }>('/tokens', wish);
      if (json) return printJson(made);
      print(`${name} is made, of scope ${scope}${wordsOf(made)}. This is its token, which is not shown again:`);
      print(made.token);
    });
  const list = jsonOption(command.command('ls'))
    .description('Lists the tokens, never what they are.')
    .action(async ({ json }: { json?: boolean }) => {
      const page = await Client.of(configOf(list)).get<{ tokens: Token[] }>('/tokens');
      if (json) printJson(page);
      else if (page.tokens.length === 0) print('no tokens beside the main one');
      else
        printTable(
          ['NAME', 'SCOPE', 'REPOSITORIES', 'PERSON', 'MADE', 'BY', 'LAST USED'],
          page.tokens.map(({ name, scope, repos, person, createdAt, createdBy, lastUsedAt }) => [
            name,
            scope,
            repos === null ? 'all' : repos.join(', ') || 'none',
            person,
            ago(createdAt),
            plain(createdBy),
            lastUsedAt === null ? 'never' : ago(lastUsedAt),
          ]),
        );
    });
  const remove = command
    .command('rm')
    .description(
      'Revokes a token, or all of a person, at once; browsers that have signed in with it are signed out, and streams end.',
    )
    .argument('[name]')
    .option('--all-of <person>', 'revoke all tokens of this person; owner: end the sessions of the main token')
    .action(async (name: string | undefined, { allOf }: { allOf?: string }) => {
      if ((name === undefined) === (allOf === undefined)) {
        throw new VoltError('usage', 'name one token, or a person by --all-of', { remedy: 'See `volt token ls`.' });
      }
      const client = Client.of(configOf(remove));
      if (name !== undefined) {
        await client.delete(`/tokens/${encodeURIComponent(name)}`);
        return print(`${name} is revoked`);
      }
      const path = `/people/${encodeURIComponent(allOf ?? '')}/tokens`;
      const { removed, madeForOthers } = await client.delete<RemovedTokens>(path);
      if (removed.length === 0)
        return print('all sessions of the main token have ended; how to end the token itself is in docs/access.md');
      print(`${removed.join(', ')} ${removed.length === 1 ? 'is' : 'are'} revoked`);
      if (madeForOthers.length > 0)
        print(
          `made with ${removed.length === 1 ? 'it' : 'them'} for others, and good still: ${madeForOthers.join(', ')}`,
        );
    });
  return {
    command,
    examples: [
      ['volt token add deploy --scope write', 'for a program that triggers builds'],
      ['volt token ls', 'who has one, and when it was last used'],
      ['volt token add laptop --for ada --repo app --repo site', 'for one person and two repositories, private or not'],
      ['volt token rm deploy', 'it is good for nothing from now on'],
      ['volt token rm --all-of ada', 'all tokens of one person, and the sessions that began with them'],
    ],
  };
}
