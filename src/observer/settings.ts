import { isFilter } from '../git/mirror/filter.ts';
import { refMatcher } from '../git/remote/ref-names.ts';
import { checkImage } from '../job/runner-images.ts';
import { VoltError } from '../kernel/errors.ts';
import { linkKinds, linkPages, wrongLink } from '../kernel/link-templates.ts';
import { labelPattern, parseLabels } from '../kernel/names.ts';
import { noPullRequests } from '../kernel/pull-request.ts';
import type { GivenSettings, RepositorySettings } from '../record/repositories.ts';
import { isRefPattern } from './pull-request-refs.ts';

/** Seconds between polls. */
const pollRange = { least: 0.5, most: 86_400 } as const;
/** Every poll compares each glob with each name. */
const mostGlobs = 50;
/** Characters of a command; a longer one belongs in a file of the repository. */
const longestCommand = 100_000;

/** The settings of a repository of which a person has said nothing. */
export const usualSettings: RepositorySettings = {
  branches: [],
  tags: [],
  pollSeconds: 5,
  commits: 'every',
  command: null,
  reports: [],
  filter: null,
  runners: [],
  env: {},
  image: null,
  project: {},
  ...noPullRequests,
  visibility: 'internal',
};

/** Each setting as a person gives it, else as it is usually. */
export function completeSettings(given: GivenSettings, usual: RepositorySettings = usualSettings): RepositorySettings {
  const names = Object.keys(usualSettings) as (keyof RepositorySettings)[];
  return Object.fromEntries(
    names.map((name) => [name, given[name] === undefined ? usual[name] : given[name]]),
  ) as object as RepositorySettings;
}

/** What is wrong with one setting. */
export interface SettingProblem {
  setting: keyof RepositorySettings;
  error: VoltError;
}

type Checks = { readonly [S in keyof RepositorySettings]?: (value: NonNullable<RepositorySettings[S]>) => unknown };

const checks: Checks = {
  branches: checkRefGlobs,
  tags: checkRefGlobs,
  pollSeconds: checkPoll,
  command: checkCommand,
  reports: checkReports,
  filter: checkFilter,
  runners: parseLabels,
  env: checkEnvironment,
  image: checkImage,
  project: checkProject,
  pullRequestRefs: checkPullRequestRefs,
  pullRequestLabels: checkLabelGlobs,
};

/**
 * Checks the settings that a person gives a repository.
 * @throws VoltError `bad_ref` for a glob, `bad_label`, `bad_setting`; the setting is its field
 */
export function checkSettings(settings: Partial<RepositorySettings>): void {
  const [first] = settingProblems(settings);
  if (!first) return;
  const { setting, error } = first;
  throw new VoltError(error.code, error.message, { remedy: error.remedy, field: setting, cause: error });
}

/** Everything that is wrong with the settings that a person gives a repository; null and missing ones need no check. */
export function settingProblems(settings: Partial<RepositorySettings>): SettingProblem[] {
  return (Object.keys(checks) as (keyof Checks)[]).flatMap((setting): SettingProblem[] => {
    const value = settings[setting];
    if (value === undefined || value === null) return [];
    try {
      (checks[setting] as (value: unknown) => unknown)(value);
      return [];
    } catch (error) {
      if (error instanceof VoltError) return [{ setting, error }];
      throw error;
    }
  });
}

function checkRefGlobs(globs: readonly string[]): void {
  refMatcher(globs);
  if (globs.length <= mostGlobs) return;
  throw new VoltError('bad_setting', `a repository has at most ${mostGlobs} globs of branches, and of tags`, {
    remedy: 'Give fewer, with "*" or "**" where they vary.',
  });
}

function checkReports(globs: readonly string[]): void {
  if (globs.length <= mostGlobs && globs.every(isPathGlob)) return;
  throw new VoltError('bad_setting', `globs of reports are at most ${mostGlobs} paths below the checkout`, {
    remedy: 'Give paths such as "build/**/*.xml", each of at most 1,000 characters and without "..".',
  });
}

function checkPoll(seconds: number): void {
  if (seconds >= pollRange.least && seconds <= pollRange.most) return;
  throw new VoltError('bad_setting', `a repository cannot be polled every ${seconds} s`, {
    remedy: `Give a number of seconds from ${pollRange.least} to ${pollRange.most}.`,
  });
}

function checkCommand(command: string): void {
  if (command.trim() !== '' && command.length <= longestCommand && !command.includes('\0')) return;
  throw new VoltError('bad_setting', 'a command is 1 to 100,000 characters, not all of them blank', {
    remedy: 'Say what to run, or leave the command out and Volt discovers the tests.',
  });
}

function checkFilter(filter: string): void {
  if (isFilter(filter)) return;
  throw new VoltError('bad_setting', `"${filter.slice(0, 100)}" is not a filter of files that Volt supports`, {
    remedy: 'Give "blob:none", or a size as in "blob:limit=100k".',
  });
}

function checkPullRequestRefs(pattern: string): void {
  if (isRefPattern(pattern)) return;
  throw new VoltError('bad_setting', `"${pattern.slice(0, 100)}" does not name refs of pull requests`, {
    remedy:
      'Give the full name of a ref outside of refs/heads/ and refs/tags/, with one "*" for the number, such as refs/mr/*/head.',
  });
}

function checkProject(project: RepositorySettings['project']): void {
  const wrong = wrongLink(project);
  if (wrong === undefined) return;
  throw new VoltError('bad_setting', `page of the project: "${wrong.name.slice(0, 100)}" ${wrong.problem}`, {
    remedy: `Give one of ${linkKinds.join(', ')} with the address of the project's page, such as cgit=https://git.example.org/app; or some of ${linkPages.join(', ')}, such as "commit=https://git.example.org/app/{commit}".`,
  });
}

function checkLabelGlobs(globs: readonly string[]): void {
  const wrong = globs.find((glob) => !labelPattern.test(glob.replaceAll('*', 'x')));
  if (globs.length <= mostGlobs && wrong === undefined) return;
  throw new VoltError('bad_setting', `pull requests have at most ${mostGlobs} globs of labels`, {
    remedy: 'Give labels of runners, with "*" where they vary, such as linux,node-*.',
  });
}

function isPathGlob(glob: string): boolean {
  return glob.trim() !== '' && glob.length <= 1000 && !glob.includes('\0') && !glob.split('/').includes('..');
}

/** Variables that the runner sets for each job, so that the job finds its own home and tools. */
const ofRunner = /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|PWD|CI|GITHUB_.*|RUNNER_.*)$/;

function checkEnvironment(env: RepositorySettings['env']): void {
  const entries = Object.entries(env);
  const wrong = entries.find(
    ([name, value]) => !/^[A-Za-z_]\w{0,199}$/.test(name) || value.length > 10_000 || value.includes('\0'),
  );
  if (entries.length > mostGlobs || wrong) {
    throw new VoltError('bad_setting', `a repository has at most ${mostGlobs} variables of at most 10,000 characters`, {
      remedy: 'Give NAME=VALUE, with a name of letters, digits and "_".',
    });
  }
  const reserved = entries.find(([name]) => ofRunner.test(name))?.[0];
  if (reserved !== undefined) {
    throw new VoltError('bad_setting', `the runner sets ${reserved} for each job`, { remedy: 'Use another name.' });
  }
  // everybody who may read the repository can read its settings
  const login = entries.find(([, value]) => /:\/\/[^\s/]*@/.test(value))?.[0];
  if (login !== undefined) {
    throw new VoltError('bad_setting', `${login} contains a login, and settings of a repository are not secret`, {
      remedy: `Use \`volt secret set ${login} --repo NAME --env\`: jobs of trusted refs get it, and logs mask it.`,
    });
  }
}
