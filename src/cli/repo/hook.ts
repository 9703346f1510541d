import type { Command } from 'commander';
import { isElsewhere } from '../../web/http/hosts.ts';
import type { hook } from '../../web/schemas/repositories.ts';
import { type Answer, Client } from '../client.ts';
import type { CommandFile } from '../command.ts';
import { readHidden } from '../hidden-input.ts';
import { configOf, jsonOption } from '../options.ts';
import { repositoryArgumentHelp } from '../resolve.ts';
import { print, printJson } from '../terminal.ts';
import { pathOf } from './repository.ts';

interface HookOptions {
  rotate?: boolean;
  key?: boolean;
  json?: boolean;
}

export function repoHookCommand(group: Command): CommandFile {
  const command = jsonOption(group.command('hook'))
    .summary('show the URL and secret of the webhook')
    .description(
      'Shows the URL and the secret for a webhook, with which a forge tells Volt about each push. The first call makes the secret. docs/observing.md says where each forge wants the values.',
    )
    .argument('<repo>', repositoryArgumentHelp)
    .option('--rotate', "make a new secret; the old one and the forge's own key stop working")
    .option('--key', "ask for the key that the forge has made itself, as Pagure's, or read it from standard input")
    .action(async (name: string, { rotate = false, key, json }: HookOptions) => {
      const client = Client.of(configOf(command));
      const own = key && { key: await readHidden('key of the forge') };
      const made = await client.post<Answer<typeof hook>>(`${pathOf(name)}/hook`, { rotate, ...own });
      const { path, secret, signingToken } = made;
      const url = `${client.url}${path}`;
      if (json) return printJson({ url, secret, signingToken });
      print(`URL           ${url}`);
      print(`secret        ${secret}`);
      print(`signing token ${signingToken}`);
      print('content type  application/json');
      print('events        pushes, new and deleted branches and tags, pull requests');
      if (!isElsewhere(client.url)) {
        print();
        print('Only this machine can reach this URL. Put a proxy with TLS in front, and set VOLT_URL to its address.');
      }
    });
  return {
    command,
    examples: [
      ['volt repo hook app', 'the values for the forge'],
      ['volt repo hook app --rotate', 'make a new secret'],
      ['volt repo hook app --key', 'ask for the web-hook key of a project in Pagure'],
    ],
  };
}
