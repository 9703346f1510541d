import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { Decision, ProjectJob } from '../../job/discovery/decide.ts';
import type { Project, ProjectStep } from '../../job/discovery/project.ts';
import { settingsFile } from '../../job/discovery/settings.ts';
import { hasAddedReport } from '../../job/project-reporter.ts';
import { systemCode, VoltError } from '../../kernel/errors.ts';
import { shellWord } from '../../system/shell-word.ts';

/** A file that `volt init` writes. */
export interface WrittenFile {
  /** relative to the root of the checkout */
  path: string;
  text: string;
}

/** Commands may be long, and must stay as they are. */
export const plainYaml = { lineWidth: 0 };

/**
 * A `.volt.yml` that says what was found: the commands of a single project, and otherwise only comments. Several projects have
 * a job each, and for some projects Volt does more than run commands, which a `command` would end.
 */
export function settingsText(decision: Decision): WrittenFile {
  const jobs = decision.kind === 'jobs' ? decision.jobs : [];
  const [first] = jobs;
  const isCommand = jobs.length === 1 && first !== undefined && isByCommandsAlone(first.plan.project);
  const head = [
    'How Volt tests this repository. Every key is optional: command, install, env, reports, timeout, labels.',
    ...(decision.kind === 'workflows' ? ['With `command`, Volt does not run the workflow files.'] : []),
    ...jobs.flatMap(({ name, plan: { project } }) => [
      `${name}: ${project.because} (${project.why})`,
      ...(isCommand ? [] : doneFor(project).map((each) => `  ${each}`)),
    ]),
    ...(jobs.length > 1 ? ['Without `command`, Volt runs a job for each of these.'] : []),
    ...(jobs.length === 1 && !isCommand
      ? [
          "Volt does this by itself. With `command`, Volt runs only that, with the runner's own tools.",
          'With `install`, Volt runs that instead of what it would install, and does the rest itself.',
        ]
      : []),
  ].map((line) => `# ${oneLine(line)}`);
  const keys = first ? keysOf(first, isCommand) : {};
  const text = Object.keys(keys).length > 0 ? stringify(keys, plainYaml) : '# command: make check\n# timeout: 30\n';
  return { path: settingsFile, text: `${head.join('\n')}\n\n${text}` };
}

/** Whether commands in the runner's own environment do all that Volt does for a project. */
function isByCommandsAlone(project: Project): boolean {
  return project.environment === undefined && project.tools.length === 0 && !hasAddedReport(project);
}

/** What Volt does for a project, a line each. */
function doneFor({ environment, tools, steps }: Project): string[] {
  return [
    ...tools.map(({ tool, version, because }) => `uses ${tool} ${version} (${because})`),
    ...(environment ? ['makes a Python environment for the job, and installs into it what the tests need'] : []),
    ...steps.map(({ name, command }) => `${name}: ${command}`),
  ];
}

/** @param isCommand whether the file has a command; otherwise it keeps what the one before has said */
function keysOf({ plan: { project, env, reports }, labels, timeout }: ProjectJob, isCommand: boolean) {
  const installs = project.steps.filter(({ name, inRoot }) => name === 'install' && (isCommand || inRoot));
  const rest = project.steps.filter(({ name }) => name !== 'install');
  const own = isCommand ? project.reports : [];
  const globs = own.map((glob) => (project.folder === '' ? glob : `${project.folder}/${glob}`));
  return {
    ...(installs.length > 0 && { install: linesOf(installs, project.folder) }),
    ...(isCommand && { command: linesOf(rest, project.folder) }),
    ...(Object.keys(env).length > 0 && { env }),
    ...(globs.length + reports.length > 0 && { reports: [...globs, ...reports] }),
    ...(timeout !== undefined && { timeout }),
    ...(labels.length > 0 && { labels }),
  };
}

/** Commands as lines of which each ends the others if it fails, also one with `&&`. */
function linesOf(steps: readonly ProjectStep[], folder: string): string {
  const line = ({ command, inRoot }: ProjectStep) => {
    if (!inRoot && folder !== '') return `(cd ${shellWord(folder)} && ${command})`;
    return !inRoot && steps.length > 1 && /&&|\|\|/.test(command) ? `(${command})` : command;
  };
  return steps.map(line).join('\n');
}

/** @throws VoltError `conflict` if there is such a file, unless it is to be replaced */
export function writeNew(root: string, { path, text }: WrittenFile, replaces: boolean): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, text, { flag: replaces ? 'w' : 'wx' });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    throw new VoltError('conflict', `there is a file ${path}`, { remedy: 'Add --force to replace it.' });
  }
}

/** A text for a comment. */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 500);
}
