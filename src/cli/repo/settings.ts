import { type Command, Option } from 'commander';
import { mostDepth } from '../../git/extent.ts';
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
  /** false for `--no-depth` */
  depth?: number | false;
  /** false for `--no-filter` */
  filter?: string | false;
  /** false for `--no-runners` */
  runners?: string[] | false;
  visibility?: Visibility;
}

/** What may be said of a repository when it is added and later. */
export function addSettingsOptions(command: Command): Command {
  return command
    .option('--branch <glob>', 'observe these branches, else the default branch; may be repeated', collect)
    .option('--tags <glob>', 'build these tags as they appear; may be repeated', collect)
    .option('--poll <seconds>', 'look for new commits this often', number(0.5, 86_400))
    .addOption(
      new Option('--commits <which>', 'build every new commit, or only the latest at each look').choices([
        'every',
        'latest',
      ]),
    )
    .option('--command <command>', 'run this shell command instead of discovering the tests')
    .option(
      '--reports <glob>',
      'read these files of the checkout for results of single tests; may be repeated',
      collect,
    )
    .option('--depth <commits>', "fetch so many commits of each branch's history instead of all", number(1, mostDepth))
    .option('--filter <filter>', 'fetch files only with a commit that needs them: blob:none, blob:limit=100k')
    .option('--runners <a,b>', 'run its jobs only on runners with these labels, whatever they ask for', list)
    .addOption(
      new Option(
        '--visibility <who>',
        'who may read it: internal as VOLT_READING says, private only tokens that name it, public everybody',
      ).choices([...visibilities]),
    );
}

/** The settings that were named, as the API takes them. */
export function settingsOf(options: SettingsOptions): Partial<RepositorySettings> {
  const { branch, tags, poll, commits, command, reports, depth, filter, runners, visibility } = options;
  return {
    ...(branch === undefined ? {} : { branches: branch }),
    ...(tags === undefined ? {} : { tags: tags === false ? [] : tags }),
    ...(poll === undefined ? {} : { pollSeconds: poll }),
    ...(commits === undefined ? {} : { commits }),
    ...(command === undefined ? {} : { command }),
    ...(reports === undefined ? {} : { reports: reports === false ? [] : reports }),
    ...(depth === undefined ? {} : { depth: depth === false ? null : depth }),
    ...(filter === undefined ? {} : { filter: filter === false ? null : filter }),
    ...(runners === undefined ? {} : { runners: runners === false ? [] : runners }),
    ...(visibility === undefined ? {} : { visibility }),
  };
}
