import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { settingsFile } from '../job/discovery/settings.ts';
import { VoltError } from '../kernel/errors.ts';
import type { Diagnostic } from '../workflow/diagnostics.ts';
import { type WorkflowFile, workflowFolders } from '../workflow/files.ts';
import type { CommandFile } from './command.ts';
import { jsonOption } from './options.ts';
import { paint, plain, print, printJson } from './terminal.ts';
import { checkoutAround, filesOf, readWorkflowFile } from './workflow-files.ts';

export function validateCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('validate'))
    .summary('check workflow files and .volt.yml')
    .description(
      'Checks the workflow files and the .volt.yml of this checkout, or the given files, and prints each problem with file, line and column. Exits 1 if a file is invalid or uses something that Volt does not support.',
    )
    .argument(
      '[file...]',
      'workflow files or .volt.yml, else .volt.yml and all of .volt/workflows or .github/workflows',
    )
    .action(async (names: string[], { json }: { json?: boolean }) => {
      const root = checkoutAround(process.cwd());
      const named = names.map((name) => readWorkflowFile(root, resolve(name), name));
      const found = [...filesOf(root), ...settingsOf(root)];
      const files = new Map([...found, ...named].map((file) => [file.path, file]));
      const asked = names.length > 0 ? named.map(({ path }) => path) : [...files.keys()];
      if (asked.length === 0) throw nothingToCheck();
      const isSettings = ({ path }: WorkflowFile) => basename(path) === settingsFile;
      const all = [...files.values()];
      const workflows = all.filter((file) => !isSettings(file));
      const diagnostics = [
        ...(await settingsDiagnostics(all.filter(isSettings))),
        ...(workflows.length === 0 ? [] : await workflowDiagnostics(workflows)),
      ].filter(({ file }) => asked.includes(file));
      const faults = diagnostics.filter(({ severity }) => severity !== 'warning');
      if (json) printJson({ files: asked, diagnostics });
      else printDiagnostics(asked, diagnostics);
      process.exitCode = faults.length > 0 ? 1 : 0;
    });
  return {
    command,
    judges: 'a file is invalid or uses something that Volt does not support',
    environment: [],
    examples: [
      ['volt validate', '.volt.yml and all workflow files of the checkout'],
      ['volt validate .github/workflows/test.yml --json', 'one file, for an editor'],
    ],
  };
}

/** The `.volt.yml` of a checkout, if it has one. */
function settingsOf(root: string): WorkflowFile[] {
  const path = join(root, settingsFile);
  return existsSync(path) ? [readWorkflowFile(root, path, settingsFile)] : [];
}

async function settingsDiagnostics(files: readonly WorkflowFile[]): Promise<Diagnostic[]> {
  const { readSettings } = await import('../job/discovery/read-settings.ts');
  return files.flatMap(({ path, text }) => {
    const read = readSettings(text);
    const problems = 'problems' in read ? read.problems : [];
    return problems.map((problem): Diagnostic => ({ file: path, severity: 'invalid', ...problem }));
  });
}

/** GitHub's parser is slow to load, so only the commands that need it load it. */
async function workflowDiagnostics(files: readonly WorkflowFile[]): Promise<Diagnostic[]> {
  const { readWorkflows } = await import('../workflow/commit-workflows.ts');
  return readWorkflows(files).diagnostics;
}

function printDiagnostics(files: string[], diagnostics: Diagnostic[]): void {
  for (const { file, line, column, severity, message } of diagnostics) {
    const kind = severity === 'warning' ? paint('yellow', 'warning') : paint('red', severity);
    print(`${plain(file)}:${line}:${column}: ${kind}: ${plain(message)}`);
  }
  const bad = new Set(diagnostics.filter(({ severity }) => severity !== 'warning').map(({ file }) => file)).size;
  const kind = files.some((file) => basename(file) === settingsFile) ? 'file' : 'workflow';
  const all = files.length === 1 ? `1 ${kind}` : `${files.length} ${kind}s`;
  print(bad === 0 ? `${all} checked: no problems` : `${all} checked: ${bad} with problems`);
}

function nothingToCheck(): VoltError {
  return new VoltError('not_found', `this checkout has no workflow files and no ${settingsFile}`, {
    remedy: `Add a workflow to ${workflowFolders.join(' or ')}, or run \`volt init\`, or name the files to check.`,
  });
}
