import { type Command, Option } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import { type Role, roles } from '../kernel/roles.ts';
import type { newToken, removedTokens, tokenList } from '../web/schemas/access.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { collect, configOf, jsonOption } from './options.ts';
import { printEntries } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

type Token = Answer<typeof tokenList>['tokens'][number];

interface AddOptions {
  role: Role;
  repo?: string[];
  for?: string;
  json?: boolean;
}

/** The person and the repositories of a token, if it is limited: `, for ada, for the repository app`. */
function limitsOf({ name, repos, person }: Token): string {
  const owner = person === name ? '' : `, for ${person}`;
  return repos === null
    ? owner
    : `${owner}, for the ${repos.length === 1 ? 'repository' : 'repositories'} ${repos.join(', ')}`;
}

export function tokenCommand(program: Command): CommandFile {
  const command = program
    .command('token')
    .summary('manage access tokens of people and programs')
    .description(
      'Creates, lists and revokes access tokens for the dashboard, the API and commands (VOLT_TOKEN). Roles: read sees everything except secrets; run can also trigger, cancel and retry builds; approve can also approve deployments and pull requests; own can also change settings and secrets of repositories; admin can do everything.',
    );
  const add = jsonOption(command.command('add'))
    .description('Creates a token and prints it once.')
    .argument('<name>', '1 to 64 characters of a-z, 0-9, ".", "_" and "-"; the audit log shows it')
    .addOption(new Option('--role <role>', 'what the token allows').choices([...roles]).default('read'))
    .option('--repo <name>', 'only for this repository, even if it is private; may be repeated', collect)
    .option('--for <person>', 'owner of the token; `volt token rm --all-of` revokes all tokens of a person')
    .action(async (name: string, { repo: repos, for: person, ...options }: AddOptions) => {
      const { role, json } = options;
      const request = { name, role, repos, person };
      const made = await Client.of(configOf(add)).post<Answer<typeof newToken>>('/tokens', request);
      if (json) return printJson(made);
      print(`created ${name} with the role ${role}${limitsOf(made)}. This is the token; it is not shown again:`);
      print(made.token);
    });
  const list = jsonOption(command.command('ls'))
    .description('Lists tokens (not their values).')
    .action(async ({ json }: { json?: boolean }) => {
      const page = await Client.of(configOf(list)).get<Answer<typeof tokenList>>('/tokens');
      if (json) return printJson(page);
      await printEntries(page.tokens, 'no tokens besides the main token', {
        NAME: ({ name }) => name,
        ROLE: ({ role }) => role,
        REPOSITORIES: ({ repos }) => (repos === null ? 'all' : repos.join(', ') || 'none'),
        PERSON: ({ person }) => person,
        CREATED: ({ createdAt }) => ago(createdAt),
        BY: ({ createdBy }) => plain(createdBy),
        'LAST USED': ({ lastUsedAt }) => (lastUsedAt === null ? 'never' : ago(lastUsedAt)),
      });
    });
  const remove = command
    .command('rm')
    .description(
      'Revokes a token, or all tokens of a person, at once. Browsers that signed in with it are signed out, and open streams end.',
    )
    .argument('[name]')
    .option('--all-of <person>', 'revoke all tokens of this person; "owner" ends the sessions of the main token')
    .action(async (name: string | undefined, { allOf }: { allOf?: string }) => {
      if ((name === undefined) === (allOf === undefined)) {
        throw new VoltError('usage', 'give the name of a token, or --all-of with a person', {
          remedy: 'See `volt token ls`.',
        });
      }
      const client = Client.of(configOf(remove));
      if (name !== undefined) {
        await client.delete(`/tokens/${encodeURIComponent(name)}`);
        return print(`revoked ${name}`);
      }
      const path = `/people/${encodeURIComponent(allOf ?? '')}/tokens`;
      const { removed, madeForOthers } = await client.delete<Answer<typeof removedTokens>>(path);
      if (removed.length === 0)
        return print('all sessions of the main token have ended; docs/access.md says how to replace the token itself');
      print(`revoked ${removed.join(', ')}`);
      if (madeForOthers.length > 0)
        print(
          `still valid, though ${removed.length === 1 ? 'this token' : 'these tokens'} created them for other people: ${madeForOthers.join(', ')}`,
        );
    });
  return {
    command,
    examples: [
      ['volt token add deploy --role run', 'a token for a program that triggers builds'],
      ['volt token ls', 'all tokens, and when they were last used'],
      ['volt token add laptop --for ada --repo app --repo site', 'a token for one person and two repositories'],
      ['volt token rm deploy', 'revoke a token'],
      ['volt token rm --all-of ada', 'revoke all tokens of a person and end their sessions'],
    ],
  };
}
