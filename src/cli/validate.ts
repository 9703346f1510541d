import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { Diagnostic } from '../workflow/diagnostics.ts';
import type { WorkflowFile } from '../workflow/files.ts';
import { workflowFolders } from '../workflow/files.ts';
import type { CommandFile } from './command.ts';
import { jsonOption } from './options.ts';
import { paint, plain, print, printJson } from './terminal.ts';

export function validateCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('validate'))
    .summary('check workflow files')
    .description(
      'Checks the workflow files of this checkout, or those that are named, and prints everything that is wrong with its place. Exits 1 where a file is invalid or asks for what Volt cannot do.',
    )
    .argument('[file...]', 'workflow files, else all of .volt/workflows or .github/workflows')
    .action(async (names: string[], { json }: { json?: boolean }) => {
      const root = checkoutAround(process.cwd());
      const named = names.map((name) => readFile(root, resolve(name), name));
      const files = new Map([...filesOf(root), ...named].map((file) => [file.path, file]));
      const asked = names.length > 0 ? named.map(({ path }) => path) : [...files.keys()];
      if (asked.length === 0) throw noWorkflows();
      // GitHub's parser takes a while to load, which no other command is to wait for
      const { readWorkflows } = await import('../workflow/read-all.ts');
      const diagnostics = readWorkflows([...files.values()]).diagnostics.filter(({ file }) => asked.includes(file));
      const faults = diagnostics.filter(({ severity }) => severity !== 'warning');
      if (json) printJson({ files: asked, diagnostics });
      else printDiagnostics(asked, diagnostics);
      process.exitCode = faults.length > 0 ? 1 : 0;
    });
  return {
    command,
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
  print(bad === 0 ? `${all} checked: nothing wrong` : `${all} checked: ${bad} with faults`);
}

function filesOf(root: string): WorkflowFile[] {
  for (const folder of workflowFolders) {
    const found = listFolder(join(root, folder));
    if (found.length > 0) return found.map((name) => readFile(root, join(root, folder, name), `${folder}/${name}`));
  }
  return [];
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.ya?ml$/.test(name))
      .sort();
  } catch {
    return [];
  }
}

function readFile(root: string, path: string, name: string): WorkflowFile {
  const inside = path.startsWith(`${root}${sep}`);
  try {
    if (statSync(path).size > 10_000_000) throw new Error('it is larger than any workflow may be');
    return { path: inside ? relative(root, path).split(sep).join('/') : name, text: readFileSync(path, 'utf8') };
  } catch (error) {
    throw new VoltError('not_found', `cannot read ${name}: ${errorText(error)}`, {
      remedy: 'Name a workflow file that is there, or none for all of the checkout.',
      cause: error,
    });
  }
}

/** The checkout that a folder is in, or the folder itself. */
function checkoutAround(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (statSync(join(at, '.git'), { throwIfNoEntry: false })) return at;
    if (dirname(at) === at) return folder;
  }
}

function noWorkflows(): VoltError {
  return new VoltError('not_found', 'there are no workflow files in this checkout', {
    remedy: `Put some into ${workflowFolders.join(' or ')}, or name files.`,
  });
}
