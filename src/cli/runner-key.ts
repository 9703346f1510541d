import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import { asTyped } from '../kernel/invocation.ts';
import { checkRepositoryGlobs } from '../kernel/names.ts';
import type { newRunnerKey, runnerKeyList } from '../web/schemas/access.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, jsonOption, list } from './options.ts';
import { printEntries } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

interface AddOptions {
  repos?: string[];
  publicKey?: string;
  file?: string;
  json?: boolean;
}

export function runnerKeyCommand(program: Command): CommandFile {
  const command = program
    .command('runner-key')
    .summary('manage the keys of runners on other machines')
    .description(
      'Makes, lists and revokes the keys of runners. A runner signs its messages with its key, and Volt ignores messages about a job that are not signed by the runner that has it. A runner on the data directory of the dispatcher, such as that of `volt up`, makes its own key.',
    );
  const add = jsonOption(command.command('add'))
    .description('Makes a key and prints, once, the command that starts a runner with it.')
    .argument('<name>', '1 to 64 characters of a-z, 0-9, ".", "_" and "-", for example the name of the machine')
    .option('--repos <a,b-*>', 'runners with this key get jobs of these repositories only', list)
    .option('--public-key <key>', 'register the public key of a runner that made its own, as the runner prints it')
    .option('--file <path>', 'write the key to a file that only you can read, instead of printing it')
    .action(async (name: string, { repos = [], publicKey, file, json }: AddOptions) => {
      const config = configOf(add);
      const body = { name, repos: checkRepositoryGlobs(repos), ...(publicKey !== undefined && { publicKey }) };
      const made = await Client.of(config).post<Answer<typeof newRunnerKey>>('/runner-keys', body);
      const { key, ...rest } = made;
      if (file !== undefined && key !== null) writeKey(file, key);
      if (json) return printJson(file === undefined ? made : rest);
      const which = repos.length === 0 ? '' : `, only for ${repos.join(', ')}`;
      if (key === null) return print(`registered the key ${name}${which}`);
      print(`made the key ${name}${which}. On the machine of the runner, run:`);
      const start = asTyped(
        `volt runner --redis ${redisForRunners(config.dataDir) ?? 'redis://USER:PASSWORD@HOST:PORT'}`,
      );
      print(file === undefined ? `VOLT_RUNNER_KEY=${key} ${start}` : `VOLT_RUNNER_KEY_FILE=${file} ${start}`);
    });
  const keys = jsonOption(command.command('ls'))
    .description('Lists the keys (not their private halves).')
    .action(async ({ json }: { json?: boolean }) => {
      const page = await Client.of(configOf(keys)).get<Answer<typeof runnerKeyList>>('/runner-keys');
      if (json) return printJson(page);
      await printEntries(page.keys, 'no keys', {
        NAME: ({ name }) => plain(name),
        REPOSITORIES: ({ repos }) => repos.join(' ') || 'all',
        'PUBLIC KEY': ({ publicKey }) => publicKey,
        CREATED: ({ createdAt }) => ago(createdAt),
        BY: ({ createdBy }) => plain(createdBy),
      });
    });
  const remove = command
    .command('rm')
    .description('Revokes a key at once. Volt ignores its runners from then on and gives their jobs to others.')
    .argument('<name>')
    .action(async (name: string) => {
      await Client.of(configOf(remove)).delete(`/runner-keys/${encodeURIComponent(name)}`);
      print(`revoked the key ${name}`);
    });
  return {
    command,
    examples: [
      ['volt runner-key add build2', 'a key for a runner on build2'],
      ['volt runner-key add deploy-1 --repos deploy,site-*', 'a key for runners of some repositories'],
      ['volt runner-key rm build2', 'revoke it: Volt ignores runners with this key'],
    ],
  };
}

/** The Redis address for runners on other machines, which `volt up` writes to its data directory; undefined if there is none. */
function redisForRunners(dataDir: string): string | undefined {
  try {
    return readFileSync(dataPaths(dataDir).runnerRedisUrl, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** @throws VoltError `data_unwritable` */
function writeKey(file: string, key: string): void {
  try {
    writeFileSync(file, `${key}\n`, { mode: 0o600 });
    chmodSync(file, 0o600);
  } catch (error) {
    throw new VoltError('data_unwritable', `cannot write the key to ${file}: ${errorText(error)}`, {
      remedy:
        'The key is lost: revoke it with `volt runner-key rm`, then make another and name a file that this user can write.',
      cause: error,
    });
  }
}
