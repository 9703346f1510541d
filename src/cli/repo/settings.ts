import { type Command, Option } from 'commander';
import { type Visibility, visibilities } from '../../kernel/visibility.ts';
import type { GivenSettings } from '../../record/repositories.ts';
import { addWatchOptions, collect, list, namedValue, type WatchOptions } from '../options.ts';

export interface SettingsOptions extends WatchOptions {
  /** false for `--no-reports` */
  reports?: string[] | false;
  /** false for `--no-filter` */
  filter?: string | false;
  /** false for `--no-runners` */
  runners?: string[] | false;
  /** false for `--no-env` */
  env?: { [name: string]: string } | false;
  /** false for `--no-image` */
  image?: string | false;
  visibility?: Visibility;
}

/** Adds the options for the settings of a repository. */
export function addSettingsOptions(command: Command): Command {
  return addWatchOptions(command)
    .option('--reports <glob>', 'read test results from these files of the checkout; may be repeated', collect)
    .option('--filter <filter>', 'fetch files only when a commit needs them: blob:none, blob:limit=100k')
    .option('--runners <a,b>', 'run all its jobs on runners with these labels', list)
    .option(
      '--env <name=value>',
      'an environment variable of its jobs; not secret, so logs show it; may be repeated',
      namedValue,
    )
    .option('--image <image>', 'run its tests in this container image, such as node:22; workflows name their own')
    .addOption(
      new Option(
        '--visibility <who>',
        'who can read it: internal (as VOLT_READING says), private (only tokens for this repository), public (everyone)',
      ).choices([...visibilities]),
    );
}

/** The settings as the API takes them; undefined for those that are not given. */
export function settingsOf(options: SettingsOptions): GivenSettings {
  const { reports, filter, runners, env, image, visibility } = options;
  return {
    ...watchSettingsOf(options),
    visibility,
    reports: reports === false ? [] : reports,
    filter: filter === false ? null : filter,
    runners: runners === false ? [] : runners,
    env: env === false ? {} : env,
    image: image === false ? null : image,
  };
}

/** Those that the commands which watch repositories have, too; other options of these, such as `--image`, mean something else. */
export function watchSettingsOf(options: WatchOptions): GivenSettings {
  const { branch, tags, poll, commits, command, project } = options;
  const { pullRequests, pullRequestCheckout, pullRequestRebuild, pullRequestRefs, pullRequestLabels } = options;
  return {
    ...{ branches: branch, pollSeconds: poll, commits, command },
    ...{ pullRequests, pullRequestCheckout, pullRequestRebuild },
    pullRequestRefs: pullRequestRefs === false ? null : pullRequestRefs,
    pullRequestLabels: pullRequestLabels === false ? null : pullRequestLabels?.filter((label) => label !== ''),
    tags: tags === false ? [] : tags,
    project: project === false ? {} : project,
  };
}
