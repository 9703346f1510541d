import { join } from 'node:path';
import { shellWord } from '../system/shell-word.ts';
import type { Project } from './discovery/project.ts';
import { makeFoldersInside, writeInside } from './files/hand-over.ts';
import type { StepContext } from './job-context.ts';
import { minitestPlugin } from './minitest-plugin.ts';
import type { ReportGlobs } from './reports/files.ts';
import { rspecListener } from './rspec-listener.ts';

/** What makes the tests of a project write a report, beside what they print. */
export interface AddedReport {
  /** with the variables that ask for it */
  env: Record<string, string>;
  /** the command of the tests, with the options that ask for it */
  command(text: string): string;
  /** where it is, once the tests have run */
  reports: ReportGlobs[];
}

/** Whether Volt asks the test runner of a project for a report. */
export function hasAddedReport({ kind, reporter }: Pick<Project, 'kind' | 'reporter'>): boolean {
  return reporter !== undefined || kind === 'ruby';
}

/**
 * Asks the test runner of a project for a report, by variables and options that change neither its verdict nor what it
 * prints.
 * @param env variables of the project's commands
 */
export function askForReport(
  project: Pick<Project, 'kind' | 'reporter'>,
  env: Readonly<Record<string, string>>,
  context: Pick<StepContext, 'folder' | 'sandbox'>,
): AddedReport {
  const same = { env: { ...env }, command: (text: string) => text, reports: [] };
  if (!hasAddedReport(project)) return same;
  const folder = join(context.folder, 'reports');
  const reports = (...globs: string[]) => [{ folder, globs }];
  const file = (name: string) => shellWord(join(folder, name));
  makeFoldersInside(context.folder, [folder], context.sandbox.owner);
  if (project.reporter === 'pytest')
    return {
      ...same,
      env: added(env, 'PYTEST_ADDOPTS', `--junitxml=${file('pytest.xml')}`),
      reports: reports('pytest.xml'),
    };
  if (project.reporter === 'phpunit') {
    const option = `--log-junit ${file('phpunit.xml')}`;
    const command = (text: string) => `${text}${text.includes('composer run-script') ? ' --' : ''} ${option}`;
    return { ...same, command, reports: reports('phpunit.xml') };
  }
  if (project.reporter === 'trx') {
    const option = `--logger trx --results-directory ${shellWord(folder)}`;
    const command = (text: string) => text.replaceAll(/ --no-restore(?= &&|$)/g, ` --no-restore ${option}`);
    return { ...same, command, reports: reports('**/*.trx') };
  }
  const write = (path: string, text: string) => writeInside(context.folder, path, text, context.sandbox.owner);
  const listener = join(folder, 'rspec-listener.rb');
  write(listener, rspecListener);
  const ruby = added(env, 'SPEC_OPTS', `--require ${shellWord(listener)}`);
  if (project.reporter !== 'minitest') return { ...same, env: ruby, reports: reports('rspec-*.xml') };
  const plugins = join(folder, 'minitest');
  makeFoldersInside(context.folder, [plugins], context.sandbox.owner);
  write(join(plugins, 'volt_plugin.rb'), minitestPlugin);
  const path = [folder, env.RUBYLIB].filter(Boolean).join(':');
  return { ...same, env: { ...ruby, RUBYLIB: path }, reports: reports('rspec-*.xml', 'minitest-*.xml') };
}

function added(env: Readonly<Record<string, string>>, name: string, option: string): Record<string, string> {
  return { ...env, [name]: [env[name] ?? '', option].join(' ').trim() };
}
