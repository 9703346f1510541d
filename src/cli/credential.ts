import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { errorText, VoltError } from '../kernel/errors.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { readHidden } from './hidden-input.ts';
import { configOf, jsonOption } from './options.ts';
import { printTable } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

interface Entry {
  repo: string;
  kind: 'https' | 'ssh';
  user: string | null;
  publicKey: string | null;
  hostKeys: string[];
  updatedAt: string;
}

interface SetOptions {
  https?: boolean;
  ssh?: boolean;
  user?: string;
  key?: string;
  knownHosts?: string;
  json?: boolean;
}

export function credentialCommand(program: Command): CommandFile {
  const command = program
    .command('credential')
    .summary('keep what private repositories are fetched with')
    .description(
      'Keeps passwords, tokens and deploy keys that repositories are fetched with, encrypted. Nothing shows them again.',
    );
  const set = jsonOption(command.command('set'))
    .description(
      'Sets how a repository is fetched. With --https the password or token is asked for, or read from standard input. With --ssh a pair of keys is made, and the public one printed for the forge.',
    )
    .argument('<repo>', 'name of the repository')
    .option('--https', 'by a password or token')
    .option('--ssh', 'by a deploy key')
    .option('--user <name>', 'with --https: user name; with a token most forges take any', 'git')
    .option('--key <file>', 'with --ssh: use this private key, which has no passphrase, instead of a new one')
    .option('--known-hosts <file>', 'with --ssh: keys of the server; else those that it shows now are believed')
    .action(async (repo: string, options: SetOptions) => {
      if (options.https === options.ssh) {
        throw new VoltError('usage', 'it must be either --https or --ssh', {
          remedy: 'See `volt credential set --help`.',
        });
      }
      const client = Client.of(configOf(set));
      const path = `/repos/${encodeURIComponent(repo)}/credential`;
      if (options.https) {
        const password = await readHidden(`password or token for ${repo}`);
        const entry = await client.put<Entry>(`${path}/https`, { user: options.user, password });
        if (options.json) printJson(entry);
        else print(`${repo} is fetched with the password of ${plain(entry.user ?? '')} from now on`);
        return;
      }
      const entry = await client.put<Entry>(`${path}/ssh`, {
        ...(options.key === undefined ? {} : { privateKey: await contentOf(options.key) }),
        ...(options.knownHosts === undefined ? {} : { knownHosts: await contentOf(options.knownHosts) }),
      });
      if (options.json) printJson(entry);
      else printDeployKey(entry, options.knownHosts === undefined);
    });
  const list = jsonOption(command.command('ls'))
    .description('Lists the repositories that have a credential, and the public keys for the forge.')
    .action(async ({ json }: { json?: boolean }) => {
      const page = await Client.of(configOf(list)).get<{ credentials: Entry[] }>('/credentials');
      if (json) printJson(page);
      else if (page.credentials.length === 0) print('no credentials');
      else
        printTable(
          ['REPOSITORY', 'KIND', 'SET', 'USER OR PUBLIC KEY'],
          page.credentials.map((entry) => [
            entry.repo,
            entry.kind,
            ago(entry.updatedAt),
            plain(entry.publicKey ?? entry.user ?? '(a token)'),
          ]),
        );
    });
  const remove = command
    .command('rm')
    .description('Forgets how a repository is fetched.')
    .argument('<repo>', 'name of the repository')
    .action(async (repo: string) => {
      await Client.of(configOf(remove)).delete(`/repos/${encodeURIComponent(repo)}/credential`);
      print(`the credential of ${repo} is removed`);
    });
  return {
    command,
    examples: [
      ['volt credential set my-project --https', 'asks for a token'],
      ['volt credential set my-project --ssh', 'makes a deploy key and prints what to give to the forge'],
      ['volt credential set my-project --ssh --known-hosts known_hosts', 'believes only these server keys'],
      ['volt credential ls', 'what is set, with the public keys'],
    ],
  };
}

function printDeployKey({ repo, publicKey, hostKeys }: Entry, scanned: boolean): void {
  print(`Give this public key to the forge as a deploy key of ${repo}, for reading only:\n`);
  print(`  ${plain(publicKey ?? '')}\n`);
  print(
    scanned
      ? 'The server shows these keys. Compare them with those that its operator publishes; no other is believed:'
      : 'Only these keys of the server are believed:',
  );
  for (const key of hostKeys) print(`  ${plain(key)}`);
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new VoltError('usage', `cannot read ${file}: ${errorText(error)}`, {
      remedy: 'Give a file that this user can read.',
    });
  }
}
