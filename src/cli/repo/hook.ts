import type { Command } from 'commander';
import { Client } from '../client.ts';
import type { CommandFile } from '../command.ts';
import { configOf, jsonOption } from '../options.ts';
import { print, printJson } from '../terminal.ts';
import { pathOf } from './repository.ts';

export function repoHookCommand(group: Command): CommandFile {
  const command = jsonOption(group.command('hook'))
    .summary('show the address and secret of its webhook')
    .description(
      'Shows the address and the secret that a forge needs to tell Volt of each push, and makes the secret at the first time. GitHub, GitLab, Gitea, Forgejo, Gogs and Bitbucket are understood; docs/observing.md tells where each wants the two.',
    )
    .argument('<name>', 'name of the repository')
    .option('--rotate', 'make another secret; the old one counts no more')
    .action(async (name: string, { rotate = false, json }: { rotate?: boolean; json?: boolean }) => {
      const client = Client.of(configOf(command));
      const { path, secret } = await client.post<{ path: string; secret: string }>(`${pathOf(name)}/hook`, { rotate });
      const url = `${client.url}${path}`;
      if (json) return printJson({ url, secret });
      print(`address       ${url}`);
      print(`secret        ${secret}`);
      print('content type  application/json');
      print('events        pushes, new and deleted branches and tags');
      if (isLoopback(client.url)) {
        print();
        print(
          'Only this machine reaches that address. Put a proxy with TLS in front of it, and set VOLT_URL to its address.',
        );
      }
    });
  return {
    command,
    examples: [
      ['volt repo hook app', 'what the forge wants to know'],
      ['volt repo hook app --rotate', 'another secret'],
    ],
  };
}

function isLoopback(url: string): boolean {
  return /^\[?(::1|127\..*|localhost|.*\.localhost)\]?$/.test(new URL(url).hostname);
}
