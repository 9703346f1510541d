import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Client } from '../client.ts';
import type { CommandFile } from '../command.ts';
import { configOf, jsonOption } from '../options.ts';
import { plain, print, printJson } from '../terminal.ts';
import { observedWords, type ShownRepository } from './repository.ts';
import { addSettingsOptions, type SettingsOptions, settingsOf } from './settings.ts';

export function repoAddCommand(group: Command): CommandFile {
  const command = addSettingsOptions(jsonOption(group.command('add')))
    .summary('observe a repository')
    .description(
      'Observes a repository: the heads of its branches are built, then each new commit. Tags that are there already are not built. One that was removed before comes back with its history.',
    )
    .argument('<name>', 'a-z, 0-9, ".", "_" and "-"; it is part of paths and addresses')
    .argument('<url>', 'https://…, ssh://…, git://…, user@host:path, or a path')
    .action(async (name: string, url: string, { json, ...options }: SettingsOptions & { json?: boolean }) => {
      const wish = { name, url: addressOf(url), ...settingsOf(options) };
      const added = await Client.of(configOf(command)).post<ShownRepository>('/repos', wish);
      if (json) printJson(added);
      else print(`${added.name} is observed: ${observedWords(added)} of ${plain(added.url)}`);
    });
  return {
    command,
    examples: [
      ['volt repo add app https://github.com/me/app.git', 'its default branch'],
      ['volt repo add app git@host:me/app.git --branch main --branch "release/*" --tags "v*"', 'branches and tags'],
      [
        'volt repo add app /srv/git/app.git --poll 60 --commits latest --command "make -j4 check"',
        'with its own habits',
      ],
    ],
  };
}

/** A path is meant from here, not from where Volt was started. */
function addressOf(text: string): string {
  const path = resolve(text.replace(/^~(?=\/|$)/, homedir()));
  return existsSync(path) || !text.includes(':') ? path : text;
}
