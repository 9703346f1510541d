import type { Command } from 'commander';
import { isElsewhere } from '../../web/http/hosts.ts';
import { Client } from '../client.ts';
import type { CommandFile } from '../command.ts';
import { configOf, jsonOption } from '../options.ts';
import { print, printJson } from '../terminal.ts';
import { pathOf } from './repository.ts';

export function repoHookCommand(group: Command): CommandFile {
  const command = jsonOption(group.command('hook'))
    .summary('show the URL and secret of the webhook')
    .description(
      'Shows the URL and the secret for a webhook, with which a forge tells Volt about each push. The first call makes the secret. Volt supports GitHub, GitLab, Gitea, Forgejo, Gogs and Bitbucket; docs/observing.md says where to enter the values.',
    )
    .argument('<name>', 'name of the repository')
    .option('--rotate', 'make a new secret; the old one stops working')
    .action(async (name: string, { rotate = false, json }: { rotate?: boolean; json?: boolean }) => {
      const client = Client.of(configOf(command));
      const { path, secret } = await client.post<{ path: string; secret: string }>(`${pathOf(name)}/hook`, { rotate });
      const url = `${client.url}${path}`;
      if (json) return printJson({ url, secret });
      print(`URL           ${url}`);
      print(`secret        ${secret}`);
      print('content type  application/json');
      print('events        pushes, new and deleted branches and tags');
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
    ],
  };
}
