import type { Command } from 'commander';
import { VoltError } from '../../kernel/errors.ts';
import { Client } from '../client.ts';
import type { CommandFile } from '../command.ts';
import { configOf, jsonOption } from '../options.ts';
import { print, printJson } from '../terminal.ts';
import { observedWords, pathOf, type ShownRepository } from './repository.ts';
import { addSettingsOptions, type SettingsOptions, settingsOf } from './settings.ts';

interface SetOptions extends SettingsOptions {
  defaultBranch?: boolean;
  discover?: boolean;
  json?: boolean;
}

export function repoSetCommand(group: Command): CommandFile {
  const command = addSettingsOptions(jsonOption(group.command('set')))
    .summary('change how a repository is observed')
    .description(
      'Changes the settings that are named and leaves the others. Globs replace those from before. Another command has the heads of the observed branches built again, since their verdicts were those of the old one.',
    )
    .argument('<name>', 'name of the repository')
    .option('--default-branch', 'observe the default branch alone')
    .option('--no-tags', 'build no tags')
    .option('--no-reports', 'read no other reports than those that are found by themselves')
    .option('--no-depth', 'fetch all of the history again')
    .option('--no-filter', 'fetch all files again')
    .option('--no-runners', 'run its jobs on any runner again that has what they ask for')
    .option('--discover', 'discover the tests again instead of running a command')
    .action(async (name: string, { json, defaultBranch, discover, ...options }: SetOptions) => {
      const change = {
        ...settingsOf(options),
        ...(defaultBranch ? { branches: [] } : {}),
        ...(discover ? { command: null } : {}),
      };
      if (Object.keys(change).length === 0) {
        throw new VoltError('usage', 'nothing was named that is to change', { remedy: 'See `volt repo set --help`.' });
      }
      const changed = await Client.of(configOf(command)).patch<ShownRepository>(pathOf(name), change);
      if (json) return printJson(changed);
      const runs = changed.command === null ? 'discovers its tests' : `runs ${JSON.stringify(changed.command)}`;
      const seen = changed.visibility === 'internal' ? '' : `; ${changed.visibility}`;
      print(
        `${changed.name}: ${observedWords(changed)}, ${changed.commits} commit, each ${changed.pollSeconds} s; ${runs}${seen}`,
      );
    });
  return {
    command,
    examples: [
      ['volt repo set app --branch main --branch "release/*"', 'other branches'],
      ['volt repo set app --command "make check"', 'another command; the heads are built again with it'],
      ['volt repo set app --reports "out/**/junit-*.xml"', 'where its tests write their reports'],
      ['volt repo set app --depth 50 --filter blob:none', 'less to fetch of a large repository'],
      ['volt repo set app --visibility private', 'for tokens that name it and administrators alone'],
      ['volt repo set app --default-branch --no-tags --discover', 'as it was at first'],
    ],
  };
}
