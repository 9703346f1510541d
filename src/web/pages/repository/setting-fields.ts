import { linkKinds, linkPages } from '../../../kernel/link-templates.ts';
import type { RepositorySettings } from '../../../record/repositories.ts';

/** The settings of a repository as fields of a form, with the options of `volt repo set` that set the same. */

export type Setting = keyof RepositorySettings;

/** How a value is entered; see setting-values.ts for what each gives. */
export type Control =
  /** a text or nothing */
  | { kind: 'line' | 'lines of text' }
  /** seconds */
  | { kind: 'number'; least: number; most: number }
  /** texts, one a line */
  | { kind: 'list' }
  /** texts between commas */
  | { kind: 'words' }
  /** texts between commas, or no limit */
  | { kind: 'limit'; words: string }
  /** names with values */
  | { kind: 'pairs' }
  | { kind: 'switch' }
  | { kind: 'choice'; choices: { readonly [value: string]: string } };

export interface Field {
  label: string;
  /** what an empty field means, and what else a person cannot guess; code is between backticks */
  hint?: string;
  control: Control;
  /** the option without its dashes */
  option: string;
  /** the option that sets what an empty field means; the option itself is repeated for several values */
  without?: string;
}

export const settingFields: { readonly [S in Setting]: Field } = {
  branches: {
    label: 'Branches',
    hint: 'One name a line; `*` and `**` match any characters, as in `release/*`. Empty: the default branch.',
    control: { kind: 'list' },
    option: 'branch',
    without: 'default-branch',
  },
  tags: {
    label: 'Tags',
    hint: 'One name a line, as in `v*`. Empty: no tags.',
    control: { kind: 'list' },
    option: 'tags',
    without: 'no-tags',
  },
  commits: {
    label: 'Commits',
    control: { kind: 'choice', choices: { every: 'every new commit', latest: 'only the newest at each check' } },
    option: 'commits',
  },
  pollSeconds: {
    label: 'Seconds between checks',
    hint: 'Webhooks and repositories on this machine are noticed at once.',
    control: { kind: 'number', least: 0.5, most: 86_400 },
    option: 'poll',
  },
  command: {
    label: 'Command',
    hint: 'Empty: workflow files, else auto-detected tests.',
    control: { kind: 'lines of text' },
    option: 'command',
    without: 'discover',
  },
  image: {
    label: 'Container image',
    hint: 'Such as `node:22`. Empty: tests run on the machine of the runner. Workflows name their own.',
    control: { kind: 'line' },
    option: 'image',
    without: 'no-image',
  },
  runners: {
    label: 'Runner labels',
    hint: 'Only runners with all of these labels run its jobs. Empty: any runner with the labels of the job.',
    control: { kind: 'words' },
    option: 'runners',
    without: 'no-runners',
  },
  env: {
    label: 'Environment variables',
    hint: 'They are not secret: logs show them, and so does this page. A secret belongs in `volt secret set`.',
    control: { kind: 'pairs' },
    option: 'env',
    without: 'no-env',
  },
  reports: {
    label: 'Test reports',
    hint: 'Files with results of single tests, one glob a line, as in `build/**/*.xml`. Empty: auto-detected.',
    control: { kind: 'list' },
    option: 'reports',
    without: 'no-reports',
  },
  pullRequests: {
    label: 'Pull requests that are built',
    control: {
      kind: 'choice',
      choices: {
        none: 'none',
        same: 'from its own branches',
        approved: 'from its own branches, and from forks once a person approves',
        all: 'all, forks included',
      },
    },
    option: 'pull-requests',
  },
  pullRequestCheckout: {
    label: 'What is tested of them',
    control: { kind: 'choice', choices: { merge: 'merged with the base branch', head: 'the head alone' } },
    option: 'pull-request-checkout',
  },
  pullRequestRebuild: {
    label: 'Build them again when their base branch moves',
    control: { kind: 'switch' },
    option: 'pull-request-rebuild',
    without: 'no-pull-request-rebuild',
  },
  pullRequestRefs: {
    label: 'Refs of pull requests',
    hint: 'For an unknown forge, with `*` for the number, as in `refs/mr/*/head`. Empty: those of the known forges.',
    control: { kind: 'line' },
    option: 'pull-request-refs',
    without: 'no-pull-request-refs',
  },
  pullRequestLabels: {
    label: 'Runners for pull requests',
    hint: 'Labels that their jobs may ask for; `*` matches any characters.',
    control: { kind: 'limit', words: 'only runners with these labels' },
    option: 'pull-request-labels',
    without: 'no-pull-request-labels',
  },
  filter: {
    label: 'Fetch filter',
    hint: 'For a large repository: `blob:none`, or `blob:limit=100k`. Empty: all files are fetched.',
    control: { kind: 'line' },
    option: 'filter',
    without: 'no-filter',
  },
  project: {
    label: 'Pages of the project',
    hint: `For an unknown forge. Names: ${[...linkPages, ...linkKinds].join(', ')}.`,
    control: { kind: 'pairs' },
    option: 'project',
    without: 'no-project',
  },
  visibility: {
    label: 'Who can read it',
    control: {
      kind: 'choice',
      choices: {
        internal: 'everyone who can read this Volt',
        private: 'tokens for this repository, and admins',
        public: 'everyone',
      },
    },
    option: 'visibility',
  },
};

export function isSetting(name: string): name is Setting {
  return Object.hasOwn(settingFields, name);
}

/** The fields in the order of the page. */
export const settingGroups: readonly { title: string; settings: readonly Setting[] }[] = [
  { title: 'What is built', settings: ['branches', 'tags', 'commits', 'pollSeconds'] },
  { title: 'How it is tested', settings: ['command', 'image', 'runners', 'env', 'reports'] },
  {
    title: 'Pull requests',
    settings: ['pullRequests', 'pullRequestCheckout', 'pullRequestRebuild', 'pullRequestLabels', 'pullRequestRefs'],
  },
  { title: 'Repository', settings: ['visibility', 'filter', 'project'] },
];
