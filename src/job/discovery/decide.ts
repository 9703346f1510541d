import { isDeepStrictEqual } from 'node:util';
import { discover, noTestsMessage } from './discover.ts';
import type { TreeListing } from './packed-tree.ts';
import { type PassedOver, type Project, type ProjectStep, type PythonEnvironment, step } from './project.ts';
import type { ProjectPlan } from './project-plan.ts';
import { type ReadSettings, readSettings, type SettingsProblem } from './read-settings.ts';
import { longestSettings, type RepositorySettings, settingsFile } from './settings.ts';
import { Tree } from './tree.ts';

/** The texts of `.volt.yml`. */
export interface SettingsTexts {
  /** in the commit, `''` if it has none; null if it is too large, or a symbolic link */
  own: string | null;
  /** on the default branch, for every other ref; null if it has none */
  trusted?: string | null;
}

/** What a commit says about how it is tested. */
export interface Described {
  settings?: SettingsTexts | undefined;
  /** whether the commit has workflow files */
  hasWorkflows: boolean;
  /** missing where workflow files are used */
  tree?: TreeListing | undefined;
}

/** A job of a commit without workflows. */
export interface ProjectJob {
  name: string;
  plan: ProjectPlan;
  /** image of `.volt.yml` */
  image?: string | undefined;
  labels: string[];
  /** minutes; missing for the usual ones */
  timeout?: number | undefined;
}

export type Decision =
  | { kind: 'jobs'; jobs: ProjectJob[] }
  /** the workflow files say what runs */
  | { kind: 'workflows' }
  | { kind: 'error'; reason: 'invalid_settings' | 'no_tests_found'; message: string };

/** A file of the name that Volt does not read. */
const misnamed = '.volt.yaml';

/**
 * How a commit is tested: by the command of `.volt.yml`, by its workflow files, or by what discovery finds, completed by
 * `.volt.yml`. It must run in a process that can be ended: all of it is foreign text.
 */
export function decide({ settings: texts, hasWorkflows, tree }: Described): Decision {
  const read = texts === undefined ? { settings: {} } : readOwn(texts.own);
  if ('problems' in read) return invalid(read.problems);
  const { settings, notes } = bounded(read.settings, texts);
  if (settings.command !== undefined) {
    if (hasWorkflows) notes.push(`passed over the workflow files: ${settingsFile} has a command`);
    return { kind: 'jobs', jobs: jobsOf([own(settings, settings.command)], settings, notes) };
  }
  if (hasWorkflows) return { kind: 'workflows' };
  const listing = tree ?? { files: [], texts: [], isCut: false };
  const all = new Tree(listing.files, new Map(listing.texts));
  const { projects, passedOver } = discover(all);
  if (all.has(misnamed)) passedOver.unshift({ because: misnamed, why: `Volt reads ${settingsFile}` });
  if (projects.length === 0) return noTests(passedOver, listing.isCut);
  if (listing.isCut) notes.push('the commit has more files than Volt reads, so it may have found less than there is');
  notes.push(...passedOver.map(({ because, why }) => `passed over ${because}: ${why}`));
  return {
    kind: 'jobs',
    jobs: jobsOf(
      projects.map((each) => completed(each, settings)),
      settings,
      notes,
    ),
  };
}

function readOwn(text: string | null): ReadSettings {
  const message = `it must be a file of at most ${longestSettings / 1000} kB, and no symbolic link`;
  return text === null ? { problems: [{ line: 1, column: 1, message }] } : readSettings(text);
}

/** Code of an untrusted ref chooses neither runners and images nor variables by which tools find what they trust. */
function bounded(
  settings: RepositorySettings,
  texts: SettingsTexts | undefined,
): { settings: RepositorySettings; notes: string[] } {
  if (texts?.trusted === undefined) return { settings, notes: [] };
  const read = texts.trusted === null ? { settings: {} } : readSettings(texts.trusted);
  const { env, labels, image } = 'problems' in read ? {} : read.settings;
  const { env: ownEnv, labels: ownLabels, image: ownImage, ...rest } = settings;
  const isSame = isDeepStrictEqual([ownEnv ?? {}, ownLabels ?? [], ownImage], [env ?? {}, labels ?? [], image]);
  const note = `env, labels and image are those of ${settingsFile} on the default branch, since this ref is not trusted`;
  const trusted = { ...rest, ...(env && { env }), ...(labels && { labels }), ...(image !== undefined && { image }) };
  return { settings: trusted, notes: isSame ? [] : [note] };
}

function own({ install }: RepositorySettings, command: string): Project {
  return {
    kind: 'command',
    folder: '',
    because: settingsFile,
    why: 'it has a command',
    steps: [...(install === undefined ? [] : [shellStep('install', install)]), shellStep('test', command)],
    reports: [],
    tools: [],
  };
}

/** A project with what `.volt.yml` says instead of what was found. */
function completed(project: Project, { install }: RepositorySettings): Project {
  if (install === undefined) return project;
  const rest = project.steps.filter(({ name }) => name !== 'install');
  const why = `${project.why}; ${settingsFile} says how to install`;
  const { environment, ...others } = project;
  const bare = environment && onlyPip();
  return { ...others, why, steps: [shellStep('install', install), ...rest], ...(bare && { environment: bare }) };
}

/** An environment of Python in which the repository's own command installs everything. */
function onlyPip(): PythonEnvironment {
  return { manager: 'pip', project: false, extras: [], groups: [], requirements: [], packages: ['pip'] };
}

/** A command of `.volt.yml`. Several lines end at the first one that fails. */
function shellStep(name: ProjectStep['name'], command: string): ProjectStep {
  return { ...step(name, command.includes('\n') ? `set -e\n${command}` : command, []), inRoot: true };
}

function jobsOf(projects: readonly Project[], settings: RepositorySettings, notes: readonly string[]): ProjectJob[] {
  const { env = {}, labels = [], timeout, reports = [], image } = settings;
  return projects.map((project) => ({
    name: nameOf(project, projects),
    plan: { kind: 'project', project, notes: notes.slice(0, 200), env, reports },
    image,
    labels,
    timeout,
  }));
}

/** `test` where there is one project, otherwise its kind, with the folder where several are of that kind. */
function nameOf({ kind, folder }: Project, all: readonly Project[]): string {
  if (all.length === 1) return 'test';
  return all.filter((each) => each.kind === kind).length === 1 ? kind : `${kind} (${folder === '' ? '.' : folder})`;
}

function invalid(problems: readonly SettingsProblem[]): Decision {
  const lines = problems
    .slice(0, 20)
    .map(({ line, column, message }) => `${settingsFile}:${line}:${column}: ${message}`);
  const remedy = 'Correct the file; `volt validate` checks it.';
  return { kind: 'error', reason: 'invalid_settings', message: [...lines, remedy].join('\n') };
}

function noTests(passedOver: readonly PassedOver[], isCut: boolean): Decision {
  const cut = isCut ? ['The commit has more files than Volt reads.'] : [];
  return { kind: 'error', reason: 'no_tests_found', message: [noTestsMessage(passedOver), ...cut].join('\n') };
}
