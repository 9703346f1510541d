import { join } from 'node:path';
import type { Project } from './discovery/project.ts';
import { makeFoldersInside, writeInside } from './files/hand-over.ts';
import type { StepContext } from './job-context.ts';
import type { ReportGlobs } from './reports/files.ts';
import { rspecListener } from './rspec-listener.ts';

/** What makes the tests of a project write a report, beside what they print. */
export interface AddedReport {
  /** with the variables that ask for it */
  env: Record<string, string>;
  /** where it is, once the tests have run */
  reports: ReportGlobs[];
}

/** Whether Volt asks the test runner of a project for a report. */
export function hasAddedReport({ kind, reporter }: Pick<Project, 'kind' | 'reporter'>): boolean {
  return reporter !== undefined || kind === 'ruby';
}

/**
 * Asks the test runner of a project for a report, by variables that change neither its verdict nor what it prints.
 * @param env variables of the project's commands
 */
export function askForReport(
  project: Pick<Project, 'kind' | 'reporter'>,
  env: Readonly<Record<string, string>>,
  context: Pick<StepContext, 'folder' | 'sandbox'>,
): AddedReport {
  if (!hasAddedReport(project)) return { env: { ...env }, reports: [] };
  const folder = join(context.folder, 'reports');
  if (project.reporter === 'pytest') {
    const option = quoted(`--junitxml=${join(folder, 'pytest.xml')}`);
    return { env: added(env, 'PYTEST_ADDOPTS', option), reports: [{ folder, globs: ['pytest.xml'] }] };
  }
  const listener = join(folder, 'rspec-listener.rb');
  makeFoldersInside(context.folder, [folder], context.sandbox.owner);
  writeInside(context.folder, listener, rspecListener, context.sandbox.owner);
  const option = `--require ${quoted(listener)}`;
  return { env: added(env, 'SPEC_OPTS', option), reports: [{ folder, globs: ['rspec-*.xml'] }] };
}

function added(env: Readonly<Record<string, string>>, name: string, option: string): Record<string, string> {
  return { ...env, [name]: [env[name] ?? '', option].join(' ').trim() };
}

/** One word for programs that split a variable as a shell does. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'"'"'`)}'`;
}
