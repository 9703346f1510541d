import { resolve } from 'node:path';
import type { Command } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import type { Diagnostic } from '../workflow/diagnostics.ts';
import { workflowFolders } from '../workflow/files.ts';
import type { CommandFile } from './command.ts';
import { jsonOption } from './options.ts';
import { paint, plain, print, printJson } from './terminal.ts';
import { checkoutAround, filesOf, readWorkflowFile } from './workflow-files.ts';

export function validateCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('validate'))
    .summary('check workflow files')
    .description(
      'Checks the workflow files of this checkout, or the given files, and prints each problem with file, line and column. Exits 1 if a file is invalid or uses something that Volt does not support.',
    )
    .argument('[file...]', 'workflow files, else all of .volt/workflows or .github/workflows')
    .action(async (names: string[], { json }: { json?: boolean }) => {
      const root = checkoutAround(process.cwd());
      const named = names.map((name) => readWorkflowFile(root, resolve(name), name));
      const files = new Map([...filesOf(root), ...named].map((file) => [file.path, file]));
      const asked = names.length > 0 ? named.map(({ path }) => path) : [...files.keys()];
      if (asked.length === 0) throw noWorkflows();
      // GitHub's parser is slow to load, so only the commands that need it load it
      const { readWorkflows } = await import('../workflow/commit-workflows.ts');
      const diagnostics = readWorkflows([...files.values()]).diagnostics.filter(({ file }) => asked.includes(file));
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
      ['volt validate', 'all workflow files of the checkout'],
      ['volt validate .github/workflows/test.yml --json', 'one file, for an editor'],
    ],
  };
}

function printDiagnostics(files: string[], diagnostics: Diagnostic[]): void {
  for (const { file, line, column, severity, message } of diagnostics) {
    const kind = severity === 'warning' ? paint('yellow', 'warning') : paint('red', severity);
    print(`${plain(file)}:${line}:${column}: ${kind}: ${plain(message)}`);
  }
  const bad = new Set(diagnostics.filter(({ severity }) => severity !== 'warning').map(({ file }) => file)).size;
  const all = files.length === 1 ? '1 workflow' : `${files.length} workflows`;
  print(bad === 0 ? `${all} checked: no problems` : `${all} checked: ${bad} with problems`);
}

function noWorkflows(): VoltError {
  return new VoltError('not_found', 'this checkout has no workflow files', {
    remedy: `Add one to ${workflowFolders.join(' or ')}, or name the files to check.`,
  });
}
