import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { PlannedStep } from '../../workflow/plan.ts';
import { sourceOf } from '../../workflow/template.ts';
import { StepFault } from '../fault.ts';
import { writeInside } from '../files/hand-over.ts';
import type { Evaluation } from './evaluation.ts';
import type { Frame } from './frame.ts';
import { shellCommand } from './shell.ts';
import type { WorkflowState } from './workflow-state.ts';

/** A script that is ready to run. */
export interface Script {
  text: string;
  argv: string[];
  cwd: string;
}

/**
 * Prepares the script of a `run` step: its file, the command line of its shell, and its folder.
 * @param env of its process
 * @throws StepFault if there is no such shell or folder
 */
export async function prepareScript(
  job: WorkflowState,
  step: PlannedStep,
  frame: Frame,
  evaluation: Evaluation,
  env: Readonly<Record<string, string>>,
): Promise<Script> {
  // `defaults` apply to the job's steps; steps of an action name their shell and begin in the workspace
  const defaults = frame.action ? {} : job.plan.defaults;
  const { shell: usualShell, 'working-directory': usualFolder } = await evaluation.texts(defaults.run);
  const shell = (await evaluation.optionalText(step.shell ?? defaults.shell)) ?? usualShell;
  const folder = (await evaluation.optionalText(step.workingDirectory ?? defaults.workingDirectory)) ?? usualFolder;
  const text = await evaluation.text(step.run ?? '');
  const cwd = resolve(job.folders.workspace, folder ?? '');
  if (!(await job.host.hasFolder(cwd))) {
    const named = sourceOf(step.workingDirectory ?? defaults.workingDirectory ?? usualFolder ?? '');
    throw new StepFault(`there is no working directory '${named}'`);
  }
  const file = join(job.folders.temp, randomUUID());
  const program = (name: string) => job.host.program(name, env.PATH ?? '');
  const { argv, extension } = await shellCommand(shell, job.host.shells, program, (suffix) => `${file}${suffix}`);
  const content = extension === '.ps1' ? forPowerShell(text) : text;
  writeInside(job.folders.root, `${file}${extension}`, content, job.context.sandbox.owner);
  return { text, argv, cwd };
}

/** As in GitHub's runner: an error ends the script, and the exit code of its last program is the script's. */
function forPowerShell(text: string): string {
  return `$ErrorActionPreference = 'stop'\n${text}\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }\n`;
}
