import type { Command } from 'commander';
import { VoltError } from '../../kernel/errors.ts';
import { Client } from '../client.ts';
import type { CommandFile } from '../command.ts';
import { configOf, jsonOption } from '../options.ts';
import { repositoryArgumentHelp } from '../resolve.ts';
import { print, printJson } from '../terminal.ts';
import { pathOf, type ShownRepository, watchedRefs } from './repository.ts';
import { addSettingsOptions, type SettingsOptions, settingsOf } from './settings.ts';

interface SetOptions extends SettingsOptions {
  defaultBranch?: boolean;
  discover?: boolean;
  json?: boolean;
}

export function repoSetCommand(group: Command): CommandFile {
  const command = addSettingsOptions(jsonOption(group.command('set')))
    .summary('change the settings of a repository')
    .description(
      'Changes the given settings and keeps the others. New globs replace the old ones. A new command or image makes Volt build the heads of the branches again, since their results came from the old one.',
    )
    .argument('<repo>', repositoryArgumentHelp)
    .option('--default-branch', 'build only the default branch')
    .option('--no-tags', 'build no tags')
    .option('--no-reports', 'read only the test reports that Volt finds itself')
    .option('--no-filter', 'fetch all files again')
    .option('--no-runners', 'run its jobs on any runner that has their labels')
    .option('--no-env', 'set no environment variables for its jobs')
    .option('--no-image', 'run its tests on the machine of the runner again')
    .option('--no-project', 'link its pages at the known forges again')
    .option('--no-pull-request-refs', 'find pull requests by the refs of the known forges again')
    .option('--no-pull-request-rebuild', 'build pull requests only when their head has moved')
    .option('--no-pull-request-labels', 'let jobs of pull requests ask for all runners again')
    .option('--discover', 'run workflows or discovered tests again, instead of a command')
    .action(async (name: string, { json, defaultBranch, discover, ...options }: SetOptions) => {
      const change = {
        ...settingsOf(options),
        ...(defaultBranch ? { branches: [] } : {}),
        ...(discover ? { command: null } : {}),
      };
      if (Object.values(change).every((value) => value === undefined)) {
        throw new VoltError('usage', 'no setting to change was given', { remedy: 'See `volt repo set --help`.' });
      }
      const changed = await Client.of(configOf(command)).patch<ShownRepository>(pathOf(name), change);
      if (json) return printJson(changed);
      const runs =
        changed.command === null ? 'runs workflows or discovered tests' : `runs ${JSON.stringify(changed.command)}`;
      const image = changed.image === null ? '' : ` in ${changed.image}`;
      const visibility = changed.visibility === 'internal' ? '' : `; ${changed.visibility}`;
      print(
        `${changed.name}: ${watchedRefs(changed)}, ${changed.commits} commit, polled every ${changed.pollSeconds} s; ${runs}${image}${visibility}`,
      );
    });
  return {
    command,
    examples: [
      ['volt repo set app --branch main --branch "release/*"', 'build other branches'],
      ['volt repo set app --command "make check"', 'run another command; the heads are built again'],
      ['volt repo set app --reports "out/**/junit-*.xml"', 'read test results from these files'],
      ['volt repo set app --filter blob:none', 'fetch less of a large repository'],
      [
        'volt repo set app --env PIP_INDEX_URL=https://pypi.example/simple',
        'install from a mirror; replaces its variables',
      ],
      ['volt repo set app --image node:22', 'run its tests in this image; the heads are built again'],
      ['volt repo set app --project gitlab=https://git.example.org/team/app', 'link the pages of a GitLab'],
      ['volt repo set app --pull-requests', 'build pull requests; those of forks once a person approves'],
      ['volt repo set app --visibility private', 'only tokens for this repository and admins can read it'],
      ['volt repo set app --default-branch --no-tags --discover', 'back to the defaults'],
    ],
  };
}
