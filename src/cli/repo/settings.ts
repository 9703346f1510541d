import { type Command, Option } from 'commander';
import { type Visibility, visibilities } from '../../kernel/visibility.ts';
import type { RepositorySettings } from '../../record/repositories.ts';
import { collect, list, number } from '../options.ts';

export interface SettingsOptions {
  branch?: string[];
  /** false for `--no-tags` */
  tags?: string[] | false;
  poll?: number;
  commits?: 'every' | 'latest';
  command?: string;
  /** false for `--no-reports` */
  reports?: string[] | false;
  /** false for `--no-filter` */
  filter?: string | false;
  /** false for `--no-runners` */
  runners?: string[] | false;
  visibility?: Visibility;
}

/** Adds the options for the settings of a repository. */
export function addSettingsOptions(command: Command): Command {
  return command
    .option('--branch <glob>', 'build these branches, else the default branch; may be repeated', collect)
    .option('--tags <glob>', 'build new tags that match; may be repeated', collect)
    .option('--poll <seconds>', 'poll for new commits this often', number(0.5, 86_400))
    .addOption(
      new Option('--commits <which>', 'build every new commit, or only the latest at each poll').choices([
        'every',
        'latest',
      ]),
    )
    .option('--command <command>', 'run this shell command instead of workflows or discovered tests')
    .option('--reports <glob>', 'read test results from these files of the checkout; may be repeated', collect)
    .option('--filter <filter>', 'fetch files only when a commit needs them: blob:none, blob:limit=100k')
    .option('--runners <a,b>', 'run all its jobs on runners with these labels', list)
    .addOption(
      new Option(
        '--visibility <who>',
        'who can read it: internal (as VOLT_READING says), private (only tokens for this repository), public (everyone)',
      ).choices([...visibilities]),
    );
}

/** The given settings, as the API takes them. */
export function settingsOf(options: SettingsOptions): Partial<RepositorySettings> {
  const { branch, tags, poll, commits, command, reports, filter, runners, visibility } = options;
  return {
    ...(branch === undefined ? {} : { branches: branch }),
    ...(tags === undefined ? {} : { tags: tags === false ? [] : tags }),
    ...(poll === undefined ? {} : { pollSeconds: poll }),
    ...(commits === undefined ? {} : { commits }),
    ...(command === undefined ? {} : { command }),
    ...(reports === undefined ? {} : { reports: reports === false ? [] : reports }),
    ...(filter === undefined ? {} : { filter: filter === false ? null : filter }),
    ...(runners === undefined ? {} : { runners: runners === false ? [] : runners }),
    ...(visibility === undefined ? {} : { visibility }),
  };
}
