import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { credential, credentialList } from '../web/schemas/credentials.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { readHidden } from './hidden-input.ts';
import { configOf, jsonOption } from './options.ts';
import { repositoryArgumentHelp } from './resolve.ts';
import { printEntries } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

type Entry = Answer<typeof credential>;

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
    .summary('manage the credentials that fetch private repositories')
    .description(
      'Stores the passwords, tokens and deploy keys that Volt fetches repositories with. They are encrypted and never shown again.',
    );
  const set = jsonOption(command.command('set'))
    .description(
      'Sets the credential of a repository. --https asks for a password or token, or reads it from standard input. --ssh makes a key pair and prints the public key for the forge.',
    )
    .argument('<repo>', repositoryArgumentHelp)
    .option('--https', 'fetch with a password or token')
    .option('--ssh', 'fetch with a deploy key')
    .option('--user <name>', 'with --https: user name; most forges accept any name with a token', 'git')
    .option('--key <file>', 'with --ssh: use this private key (without passphrase) instead of a new one')
    .option(
      '--known-hosts <file>',
      'with --ssh: host keys of the server; else Volt trusts the keys that the server shows now',
    )
    .action(async (repo: string, options: SetOptions) => {
      if (options.https === options.ssh) {
        throw new VoltError('usage', 'give either --https or --ssh', {
          remedy: 'See `volt credential set --help`.',
        });
      }
      const client = Client.of(configOf(set));
      const path = `/repos/${encodeURIComponent(repo)}/credential`;
      if (options.https) {
        const password = await readHidden(`password or token for ${repo}`);
        const entry = await client.put<Entry>(`${path}/https`, { user: options.user, password });
        if (options.json) printJson(entry);
        else print(`${repo}: Volt now fetches it as ${plain(entry.user ?? '')} with this password`);
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
    .description('Lists the repositories that have a credential, with their public keys.')
    .action(async ({ json }: { json?: boolean }) => {
      const page = await Client.of(configOf(list)).get<Answer<typeof credentialList>>('/credentials');
      if (json) return printJson(page);
      await printEntries(page.credentials, 'no credentials', {
        REPOSITORY: ({ repo }) => repo,
        KIND: ({ kind }) => kind,
        SET: ({ updatedAt }) => ago(updatedAt),
        'USER OR PUBLIC KEY': ({ publicKey, user }) => plain(publicKey ?? user ?? '(a token)'),
      });
    });
  const remove = command
    .command('rm')
    .description('Removes the credential of a repository.')
    .argument('<repo>', repositoryArgumentHelp)
    .action(async (repo: string) => {
      await Client.of(configOf(remove)).delete(`/repos/${encodeURIComponent(repo)}/credential`);
      print(`removed the credential of ${repo}`);
    });
  return {
    command,
    examples: [
      ['volt credential set my-project --https', 'asks for a token'],
      ['volt credential set my-project --ssh', 'makes a deploy key and prints its public half'],
      ['volt credential set my-project --ssh --known-hosts known_hosts', 'trusts only these host keys'],
      ['volt credential ls', 'which repositories have one, with the public keys'],
    ],
  };
}

function printDeployKey({ repo, publicKey, hostKeys }: Entry, scanned: boolean): void {
  print(`Add this public key to the forge as a read-only deploy key of ${repo}:\n`);
  print(`  ${plain(publicKey ?? '')}\n`);
  print(
    scanned
      ? 'Volt now trusts only these host keys, which the server just showed. Compare them with the keys that its operator publishes:'
      : 'Volt now trusts only these host keys of the server:',
  );
  for (const key of hostKeys) print(`  ${plain(key)}`);
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new VoltError('usage', `cannot read ${file}: ${errorText(error)}`, {
      remedy: 'Name a file that this user can read.',
    });
  }
}
