import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { Decision, ProjectJob } from '../../job/discovery/decide.ts';
import { settingsFile } from '../../job/discovery/settings.ts';
import { systemCode, VoltError } from '../../kernel/errors.ts';

/** A file that `volt init` writes. */
export interface WrittenFile {
  /** relative to the root of the checkout */
  path: string;
  text: string;
}

/** Commands may be long, and must stay as they are. */
const plainYaml = { lineWidth: 0 };

/**
 * A `.volt.yml` that says what was found: the commands of a single project, and otherwise only comments, since each project
 * has a job of its own.
 */
export function settingsText(decision: Decision): WrittenFile {
  const jobs = decision.kind === 'jobs' ? decision.jobs : [];
  const [only] = jobs.length === 1 ? jobs : [];
  const head = [
    '# How Volt tests this repository. Every key is optional: command, install, env, reports, timeout, labels.',
    ...(decision.kind === 'workflows' ? ['# With `command`, Volt does not run the workflow files.'] : []),
    ...jobs.map(({ name, plan: { project } }) => `# ${oneLine(`${name}: ${project.because} (${project.why})`)}`),
    ...(jobs.length > 1 ? ['# Without `command`, Volt runs a job for each of these.'] : []),
  ];
  const keys = only ? stringify(commandsOf(only), plainYaml) : '# command: make check\n# timeout: 30\n';
  return { path: settingsFile, text: `${head.join('\n')}\n\n${keys}` };
}

function commandsOf({ plan: { project, env, reports }, labels, timeout }: ProjectJob) {
  const of = (...names: string[]) => project.steps.filter(({ name }) => names.includes(name));
  const line = (steps: typeof project.steps) =>
    steps.map(({ command, inRoot }) => (inRoot || project.folder === '' ? command : inside(project.folder, command)));
  const install = line(of('install'));
  const globs = project.reports.map((glob) => (project.folder === '' ? glob : `${project.folder}/${glob}`));
  return {
    ...(install.length > 0 && { install: install.join('\n') }),
    command: line(of('build', 'test')).join('\n'),
    ...(Object.keys(env).length > 0 && { env }),
    ...(globs.length + reports.length > 0 && { reports: [...globs, ...reports] }),
    ...(timeout !== undefined && { timeout }),
    ...(labels.length > 0 && { labels }),
  };
}

function inside(folder: string, command: string): string {
  return `(cd '${folder.replaceAll("'", `'"'"'`)}' && ${command})`;
}

/**
 * A workflow with a job for each project.
 * @throws VoltError `not_found` where nothing was found that a workflow could run
 */
export function workflowFile(decision: Decision): WrittenFile {
  if (decision.kind !== 'jobs') {
    const message = decision.kind === 'workflows' ? 'this checkout has workflow files' : decision.message;
    throw new VoltError('not_found', message, { remedy: 'Write the workflow yourself; see docs/workflows.md.' });
  }
  const jobs = decision.jobs.map(({ name, plan, labels, timeout }, index) => {
    const { steps, folder } = plan.project;
    const job = {
      name,
      'runs-on': labels.length > 0 ? labels : 'ubuntu-latest',
      ...(timeout !== undefined && { 'timeout-minutes': timeout }),
      ...(Object.keys(plan.env).length > 0 && { env: plan.env }),
      steps: [
        { uses: 'actions/checkout@v4' },
        ...steps.map((step) => ({
          name: step.name,
          ...(folder !== '' && !step.inRoot && { 'working-directory': folder }),
          run: step.command,
        })),
      ],
    };
    return [decision.jobs.length === 1 ? 'test' : `test-${index + 1}`, job] as const;
  });
  const text = stringify({ name: 'Test', on: ['push'], jobs: Object.fromEntries(jobs) }, plainYaml);
  return { path: '.volt/workflows/test.yml', text };
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

function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 500);
}
