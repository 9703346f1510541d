import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Client } from '../client.ts';
import type { CommandFile } from '../command.ts';
import { configOf, jsonOption } from '../options.ts';
import { plain, print, printJson } from '../terminal.ts';
import { awaitPoll, printPoll } from './poll.ts';
import { type ShownRepository, watchedRefs } from './repository.ts';
import { addSettingsOptions, type SettingsOptions, settingsOf } from './settings.ts';

interface AddOptions extends SettingsOptions {
  json?: boolean;
  /** false for `--no-check` */
  check: boolean;
}

export function repoAddCommand(group: Command): CommandFile {
  const command = addSettingsOptions(jsonOption(group.command('add')))
    .summary('watch a repository')
    .description(
      'Watches a repository: builds the heads of its branches, then each new commit. Existing tags are not built. A repository that was removed before gets its history back. Says whether Volt can fetch it.',
    )
    .argument('<name>', 'a-z, 0-9, ".", "_" and "-"; used in paths and URLs')
    .argument('<url>', 'https://…, ssh://…, git://…, user@host:path, or a path')
    .option('--no-check', 'do not wait until Volt knows whether it can fetch it')
    .action(async (name: string, url: string, { json, check, ...options }: AddOptions) => {
      const client = Client.of(configOf(command));
      const request = { name, url: addressOf(url), ...settingsOf(options) };
      const added = await client.post<ShownRepository>('/repos', request);
      if (!json) print(`watching ${added.name}: ${watchedRefs(added)} of ${plain(added.url)}`);
      const polled = check ? await awaitPoll(client, added) : added;
      if (json) printJson(polled);
      else if (check) printPoll(polled);
    });
  return {
    command,
    examples: [
      ['volt repo add app https://github.com/me/app.git', 'the default branch'],
      ['volt repo add app git@host:me/app.git --branch main --branch "release/*" --tags "v*"', 'branches and tags'],
      [
        'volt repo add app /srv/git/app.git --poll 60 --commits latest --command "make -j4 check"',
        'with its own poll interval and command',
      ],
    ],
  };
}

/** A path is relative to the folder of this command, not to that of the running Volt. */
function addressOf(text: string): string {
  const path = resolve(text.replace(/^~(?=\/|$)/, homedir()));
  return existsSync(path) || !text.includes(':') ? path : text;
}
