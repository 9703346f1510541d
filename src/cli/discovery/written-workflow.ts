import { stringify } from 'yaml';
import type { Decision } from '../../job/discovery/decide.ts';
import type { PythonEnvironment } from '../../job/discovery/project.ts';
import { pythonCommands } from '../../job/installs/python-commands.ts';
import type { PythonMachine } from '../../job/installs/python-machine.ts';
import { VoltError } from '../../kernel/errors.ts';
import { oneLine, plainYaml, type WrittenFile } from './written-files.ts';

/** A machine with nothing but pip, of a version that is not known. */
const bare: PythonMachine = {
  ...{ python: [], version: [3, 0], pip: null, settings: [] },
  programs: { uv: null, poetry: null, pdm: null },
};
/** The script names the environment itself. */
const shown = { env: {}, venv: 'venv' };

/**
 * A workflow with a job for each project.
 * @throws VoltError `not_found` where nothing was found that a workflow could run, `unsupported` where a job needs what only
 * Volt's own discovery does
 */
export function workflowFile(decision: Decision): WrittenFile {
  if (decision.kind !== 'jobs') {
    const message = decision.kind === 'workflows' ? 'this checkout has workflow files' : decision.message;
    throw new VoltError('not_found', message, { remedy: 'Write the workflow yourself; see docs/workflows.md.' });
  }
  const jobs = decision.jobs.map(({ name, plan, labels, timeout }, index) => {
    const { steps, folder, environment } = plan.project;
    const inFolder = folder === '' ? {} : { 'working-directory': folder };
    const job = {
      name,
      'runs-on': labels.length > 0 ? labels : 'ubuntu-latest',
      ...(timeout !== undefined && { 'timeout-minutes': timeout }),
      ...(Object.keys(plan.env).length > 0 && { env: plan.env }),
      steps: [
        { uses: 'actions/checkout@v4' },
        ...(environment ? [{ name: 'environment', ...inFolder, run: environmentScript(environment) }] : []),
        ...steps.map((step) => ({ name: step.name, ...(!step.inRoot && inFolder), run: step.command })),
      ],
    };
    return [decision.jobs.length === 1 ? 'test' : `test-${index + 1}`, job] as const;
  });
  const text = stringify({ name: 'Test', on: ['push'], jobs: Object.fromEntries(jobs) }, plainYaml);
  const asked = decision.jobs.flatMap(({ name, plan }) =>
    plan.project.tools.map(({ tool, version, because }) => `${name}: ${because} asks for ${tool} ${version}`),
  );
  const head =
    asked.length === 0 ? [] : [...asked, 'These jobs use the versions of the runner. Set others up in a step.'];
  return { path: '.volt/workflows/test.yml', text: head.map((line) => `# ${oneLine(line)}\n`).join('') + text };
}

/** Makes an environment as Volt does, and has the steps after it use it. @throws VoltError `unsupported` */
function environmentScript({ project, ...wanted }: PythonEnvironment): string {
  const { manager } = wanted;
  const commands =
    manager === 'pip' ? pythonCommands({ ...wanted, project: project ? 'editable' : 'none' }, bare, shown) : undefined;
  if (!commands)
    throw new VoltError(
      'unsupported',
      `${manager} installs the Python project here, which volt init writes no step for`,
      {
        remedy: `Leave it to Volt, which needs no file for it; or write a workflow that installs it with ${manager} yourself.`,
      },
    );
  return [
    'python3 -m venv "$RUNNER_TEMP/venv"',
    'echo "$RUNNER_TEMP/venv/bin" >> "$GITHUB_PATH"',
    'export PATH="$RUNNER_TEMP/venv/bin:$PATH"',
    ...commands.install,
    '',
  ].join('\n');
}
