import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../kernel/config.ts';
import { VoltError } from '../kernel/errors.ts';
import { forgeKinds } from '../kernel/forge-kinds.ts';
import { forgeReports } from '../kernel/forge-report.ts';
import type { forgeCheck, forgeList } from '../web/schemas/forges.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { collect, configOf, jsonOption } from './options.ts';
import { readSecret } from './secret-file.ts';
import { printEntries } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

interface ForgeOptions {
  kind?: string;
  api?: string;
  tokenFile?: string;
  /** false where jobs are to get none */
  jobToken?: boolean;
  jobTokenFile?: string;
  appId?: number;
  appKeyFile?: string;
  webhookSecretFile?: string;
  repo?: string[];
  report?: string;
}

export function forgeCommand(program: Command): CommandFile {
  const command = program
    .command('forge')
    .summary('set the statuses of commits at forges')
    .description(
      'Shows builds beside the commits at a forge. All that Volt needs is a token there that may set statuses, or to be a GitHub App; see docs/forges.md.',
    );
  const add = withOptions(command.command('add'))
    .description('Adds a forge and checks it. Volt sends nothing before the check has passed.')
    .argument('<name>', '1 to 64 characters of a-z, 0-9, ".", "_" and "-"')
    .addOption(new Option('--kind <kind>', 'what runs there').choices(Object.keys(forgeKinds)).makeOptionMandatory())
    .action(async (name: string, { kind, api, repo, report, ...files }: ForgeOptions) => {
      const config = configOf(add);
      const credential = credentialIn(files);
      if (Object.keys(credential).length === 0) {
        throw new VoltError('usage', 'no token was given', {
          remedy: 'Put the token into a file that only you can read, and name it: --token-file FILE.',
        });
      }
      const body = { name, kind, api, repos: repo, report, ...credential, ...jobTokenIn(files) };
      await Client.of(config).post('/forges', body);
      print(`added the forge ${name}`);
      await check(config, name);
    });
  const list = jsonOption(command.command('ls'))
    .description('Lists the forges (not their tokens).')
    .action(async ({ json }: { json?: boolean }) => {
      const page = await Client.of(configOf(list)).get<Answer<typeof forgeList>>('/forges');
      if (json) return printJson(page);
      await printEntries(page.forges, 'no forges', {
        NAME: ({ name }) => plain(name),
        KIND: ({ kind, app }) => (app === null ? kind : `${kind} (App ${app.id})`),
        API: ({ api }) => plain(api),
        REPOSITORIES: ({ repos }) => plain(repos.join(' ')) || 'all at its host',
        'JOB TOKEN': ({ givesJobToken }) => (givesJobToken ? 'yes' : 'no'),
        WAITING: ({ waiting }) => String(waiting),
        STATE: ({ checkedAt, problem }) =>
          plain(problem?.message ?? (checkedAt === null ? 'not checked' : `checked ${ago(checkedAt)}`)),
      });
    });
  const checking = jsonOption(command.command('check'))
    .description('Checks that the forge accepts the token and statuses of the repositories. It sets none.')
    .argument('<name>')
    .action(async (name: string, { json }: { json?: boolean }) => check(configOf(checking), name, json));
  const set = withOptions(command.command('set'))
    .description('Changes a forge, and checks it again if it has a new address or token.')
    .argument('<name>')
    .option('--no-job-token', 'give jobs no token any more')
    .action(async (name: string, { api, repo, report, ...files }: ForgeOptions) => {
      const config = configOf(set);
      const body = { api, repos: repo, report, ...credentialIn(files), ...jobTokenIn(files) };
      await Client.of(config).patch(`/forges/${encodeURIComponent(name)}`, body);
      print(`changed the forge ${name}`);
      await check(config, name);
    });
  const remove = command
    .command('rm')
    .description('Removes a forge. Statuses that are there stay.')
    .argument('<name>')
    .action(async (name: string) => {
      await Client.of(configOf(remove)).delete(`/forges/${encodeURIComponent(name)}`);
      print(`removed the forge ${name}`);
    });
  return {
    command,
    examples: [
      ['volt forge add github --kind github --token-file token.txt', 'statuses for all repositories at github.com'],
      [
        'volt forge add git --kind forgejo --api https://git.example.org --token-file token.txt --repo "web-*"',
        'a forge of your own, for some repositories',
      ],
      [
        'volt forge add git --kind gitlab --api https://git.example.org --token-file token.txt --repo app=acme/app',
        'for a repository whose address is a path or a mirror',
      ],
      [
        'volt forge add hub --kind github --app-id 12345 --app-key-file key.pem',
        'as a GitHub App of your own, with checks in place of statuses',
      ],
      ['volt forge ls', 'how many statuses wait, and what holds them up'],
      ['volt forge set github --token-file new.txt', 'give it a new token'],
      ['volt forge set github --job-token-file jobs.txt', 'give jobs of trusted refs a token of their own'],
    ],
  };
}

function withOptions(command: Command): Command {
  return command
    .option('--api <url>', 'address of the forge or its API; hosted ones need none')
    .option('--token-file <path>', 'file with the access token, "-" for standard input')
    .option('--job-token-file <path>', 'file with the token that jobs of trusted refs get as GITHUB_TOKEN')
    .addOption(new Option('--app-id <number>', 'id of a GitHub App, in place of a token').argParser(appId))
    .option('--app-key-file <path>', 'file with the private key of the App')
    .option('--webhook-secret-file <path>', 'file with the secret of the webhook of the App')
    .option(
      '--repo <glob|name=project>',
      'only for these repositories; NAME=PROJECT where the address does not tell the project; may be repeated',
      collect,
    )
    .addOption(
      new Option('--report <what>', 'set a status for each workflow or job, too, and not only for the build').choices(
        forgeReports,
      ),
    );
}

async function check(config: Config, name: string, json = false): Promise<void> {
  const found = await Client.of(config).post<Answer<typeof forgeCheck>>(`/forges/${encodeURIComponent(name)}/check`);
  if (json) return printJson(found);
  const projects = found.repos.map(({ repo, project }) => `${repo} (${project})`);
  if (projects.length === 0) print(`${name} accepts the token; no watched repository is there yet`);
  else print(`${name} accepts statuses of ${plain(projects.slice(0, 20).join(', '))}`);
  if (config.url === undefined) print('VOLT_URL is not set: links from the forge lead to this machine only');
}

function credentialIn({ tokenFile, appId: id, appKeyFile, webhookSecretFile }: ForgeOptions) {
  const token = tokenFile === undefined ? undefined : readSecret(tokenFile, 'the token');
  const key = appKeyFile === undefined ? undefined : readSecret(appKeyFile, 'the private key');
  const webhookSecret =
    webhookSecretFile === undefined ? undefined : readSecret(webhookSecretFile, 'the secret of the webhook');
  const app = { id, key, webhookSecret };
  const isApp = Object.values(app).some((value) => value !== undefined);
  return { ...(token !== undefined && { token }), ...(isApp && { app }) };
}

function jobTokenIn({ jobToken, jobTokenFile: file }: ForgeOptions) {
  if (file !== undefined) return { jobToken: readSecret(file, 'the token') };
  return jobToken === false ? { jobToken: null } : {};
}

function appId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('The id of an App is a number.');
}
