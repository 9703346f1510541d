import { type Command, Option } from 'commander';
import type { Config } from '../kernel/config.ts';
import { providerKinds } from '../kernel/provider-kinds.ts';
import type { oneProvider, providerCheck, providerList } from '../web/schemas/providers.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { collect, configOf, jsonOption } from './options.ts';
import { readSecret } from './secret-file.ts';
import { printEntries } from './table.ts';
import { plain, print, printJson } from './terminal.ts';

interface ProviderOptions {
  kind?: string;
  url?: string;
  allowHttp?: boolean;
  clientId?: string;
  clientSecretFile?: string;
  groups?: string;
  scope?: string[];
  title?: string;
}

export function providerCommand(program: Command): CommandFile {
  const command = program
    .command('provider')
    .summary('let people sign in as themselves')
    .description(
      'Manages the providers that people sign in at: OpenID Connect, GitHub, Gitea and Forgejo; see docs/sign-in.md. Somebody new may do nothing before `volt access grant`.',
    );
  const add = withOptions(command.command('add'))
    .description('Adds a provider, prints the address that it must be allowed to send browsers back to, and checks it.')
    .argument('<name>', '1 to 64 characters of a-z, 0-9, ".", "_" and "-"; its groups are NAME/GROUP')
    .addOption(new Option('--kind <kind>', 'what runs there').choices(Object.keys(providerKinds)).makeOptionMandatory())
    .option('--url <url>', 'its issuer with OpenID Connect, else the address of the forge (default: that of GitHub)')
    .option(
      '--allow-http',
      'accept an http address of another machine, though others may read and change what it carries',
    )
    .action(async (name: string, { kind, url, allowHttp, ...options }: ProviderOptions) => {
      const config = configOf(add);
      const body = { name, kind, url, allowHttp, ...given(options) };
      const { redirectUri } = await Client.of(config).post<Answer<typeof oneProvider>>('/providers', body);
      print(`added the provider ${name}`);
      print(`allow it to send browsers back to ${plain(redirectUri)}`);
      await check(config, name);
    });
  const list = jsonOption(command.command('ls'))
    .description('Lists the providers (not their secrets).')
    .action(async ({ json }: { json?: boolean }) => {
      const page = await Client.of(configOf(list)).get<Answer<typeof providerList>>('/providers');
      if (json) return printJson(page);
      await printEntries(page.providers, 'no providers', {
        NAME: ({ name }) => plain(name),
        KIND: ({ kind }) => kind,
        ADDRESS: ({ url }) => plain(url),
        CLIENT: ({ clientId }) => plain(clientId),
        SECRET: ({ hasSecret }) => (hasSecret ? 'yes' : 'no'),
        GROUPS: ({ groupsClaim }) => (groupsClaim === null ? 'organizations and teams' : plain(groupsClaim)),
        'SENDS BACK TO': ({ redirectUri }) => plain(redirectUri),
      });
    });
  const checking = jsonOption(command.command('check'))
    .description('Asks the provider whether people can sign in there, and says what is wrong.')
    .argument('<name>')
    .action(async (name: string, { json }: { json?: boolean }) => check(configOf(checking), name, json));
  const set = withOptions(command.command('set'))
    .description('Changes a provider, and checks it. Its kind and address stay: people are known by them.')
    .argument('<name>')
    .action(async (name: string, options: ProviderOptions) => {
      const config = configOf(set);
      await Client.of(config).patch(`/providers/${encodeURIComponent(name)}`, given(options));
      print(`changed the provider ${name}`);
      await check(config, name);
    });
  const remove = command
    .command('rm')
    .description('Removes a provider. The sessions that began there end; people stay, without its groups.')
    .argument('<name>')
    .action(async (name: string) => {
      await Client.of(configOf(remove)).delete(`/providers/${encodeURIComponent(name)}`);
      print(`removed the provider ${name}`);
    });
  return {
    command,
    examples: [
      [
        'volt provider add corp --kind oidc --url https://id.example.org/realms/corp --client-id volt --client-secret-file secret.txt',
        'Keycloak, or any other provider of OpenID Connect',
      ],
      ['volt provider add github --kind github --client-id Ov23li0000 --client-secret-file secret.txt', 'github.com'],
      ['volt provider check corp', 'what is wrong with it'],
      ['volt provider set corp --client-secret-file new.txt', 'give it a new secret'],
      ['volt access grant group:corp/developers run', 'let a group of it start builds'],
    ],
  };
}

function withOptions(command: Command): Command {
  return command
    .option('--client-id <id>', 'what the provider calls Volt')
    .option('--client-secret-file <path>', 'file with the client secret, "-" for standard input')
    .option('--groups <claim>', 'the claim that has the groups of a person, with OpenID Connect (default: groups)')
    .option('--scope <name>', 'ask for this scope, too; may be repeated', collect)
    .option('--title <text>', 'what its button says');
}

function given({ clientId, clientSecretFile: file, groups, scope, title }: ProviderOptions) {
  const clientSecret = file === undefined ? undefined : readSecret(file, 'the client secret');
  return { clientId, clientSecret, groupsClaim: groups, scopes: scope, title };
}

async function check(config: Config, name: string, json = false): Promise<void> {
  const found = await Client.of(config).post<Answer<typeof providerCheck>>(
    `/providers/${encodeURIComponent(name)}/check`,
  );
  if (json) return printJson(found);
  print(`people can sign in with ${name}`);
  for (const hint of found.hints) print(plain(hint));
}
