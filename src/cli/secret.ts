import type { Command } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import type { secretList } from '../web/schemas/secrets.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { readHidden } from './hidden-input.ts';
import { configOf, jsonOption } from './options.ts';
import { noneFor, printElsewhere, type ScopeOptions, scopeOption, scopePath, scopeWords } from './repository-option.ts';
import { repositoryArgumentHelp } from './resolve.ts';
import { printEntries } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

export function secretCommand(program: Command): CommandFile {
  const command = program
    .command('secret')
    .summary('manage secrets for jobs')
    .description(
      'Stores encrypted secrets for jobs whose workflow names them. Only such jobs get the values; nothing shows them again.',
    );
  const set = scopeOption(command.command('set'))
    .description('Sets or replaces a secret. It asks for the value, or reads it from standard input.')
    .argument('<name>', 'letters, digits and "_"; upper and lower case are the same')
    .option('--env', 'with --repo: also put it into the environment of jobs without a workflow')
    .action(async (name: string, { env = false, ...options }: ScopeOptions & { env?: boolean }) => {
      if (env && options.repo === undefined) {
        throw new VoltError('usage', '--env needs --repo', { remedy: 'Name the repository with --repo.' });
      }
      if (env && options.environment !== undefined) {
        throw new VoltError('usage', '--env cannot be combined with --environment', {
          remedy: 'Only jobs of workflows have an environment; leave out --env.',
        });
      }
      const path = `${scopePath(options)}/secrets/${encodeURIComponent(name)}`;
      const value = await readHidden(`value of ${name}`);
      await Client.of(configOf(set)).put(path, { value, ...(env && { inEnvironment: true }) });
      print(`set ${name.toUpperCase()} for ${scopeWords(options)}`);
    });
  const list = scopeOption(jsonOption(command.command('ls')))
    .description('Lists the names of the secrets (not their values).')
    .action(async (options: ScopeOptions) => {
      const page = await Client.of(configOf(list)).get<Answer<typeof secretList>>(`${scopePath(options)}/secrets`);
      if (options.json) return printJson(page);
      await printEntries(page.secrets, noneFor(options, 'secrets'), {
        NAME: ({ name }) => name,
        SET: ({ updatedAt }) => ago(updatedAt),
        'AVAILABLE TO': ({ inEnvironment }) => {
          if (options.environment !== undefined) return `jobs of ${plain(options.environment)} that name it`;
          return `jobs that name it${inEnvironment ? ', jobs without a workflow' : ''}`;
        },
      });
      printElsewhere(page.elsewhere, 'secret');
    });
  const remove = scopeOption(command.command('rm'))
    .description('Removes a secret.')
    .argument('<name>')
    .action(async (name: string, options: ScopeOptions) => {
      await Client.of(configOf(remove)).delete(`${scopePath(options)}/secrets/${encodeURIComponent(name)}`);
      print(`removed ${name.toUpperCase()} from ${scopeWords(options)}`);
    });
  const trust = jsonOption(command.command('trust'))
    .description(
      'Shows or sets the refs of a repository whose builds get secrets. By default these are the default branch and tags.',
    )
    .argument('<repo>', repositoryArgumentHelp)
    .argument('[globs...]', 'branches such as main or release/*, or full names such as refs/tags/v*')
    .option('--usual', 'the default branch and tags')
    .option('--none', 'no ref at all')
    .action(async (repo: string, globs: string[], options: { usual?: boolean; none?: boolean; json?: boolean }) => {
      if ([globs.length > 0, options.usual, options.none].filter(Boolean).length > 1) {
        throw new VoltError('usage', 'give only one of globs, --usual and --none', {
          remedy: 'See `volt secret trust --help`.',
        });
      }
      const client = Client.of(configOf(trust));
      const path = `/repos/${encodeURIComponent(repo)}/trusted-refs`;
      const asked = globs.length > 0 || options.usual || options.none;
      const page = asked
        ? await client.put<{ refs: string[] }>(path, { refs: options.usual ? null : globs })
        : await client.get<{ refs: string[] }>(path);
      if (options.json) printJson(page);
      else if (page.refs.length === 0) print(`builds of ${repo} get no secrets on any ref`);
      else for (const ref of page.refs) print(ref);
    });
  const rotate = command
    .command('rotate')
    .description('Makes a new key and encrypts all secrets with it. Back up the new key file.')
    .action(async () => {
      const { keyId } = await Client.of(configOf(rotate)).post<{ keyId: string }>('/secrets/rotate');
      print(`all secrets are now encrypted with the new key ${keyId}`);
    });
  return {
    command,
    examples: [
      ['volt secret set NPM_TOKEN --repo my-project', 'asks for the value'],
      ['volt secret set NPM_TOKEN < token.txt', 'for all repositories, from a file'],
      ['volt secret set DEPLOY_KEY --repo my-project --environment production', 'for jobs that deploy there'],
      ['volt secret ls --repo my-project', 'their names'],
      ['volt secret trust my-project main "release/*"', 'gives secrets to builds of these branches only'],
      ['volt secret rotate', 'encrypts all secrets with a new key'],
    ],
  };
}
