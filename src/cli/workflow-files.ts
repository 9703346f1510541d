import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { errorText, VoltError } from '../kernel/errors.ts';
import { type WorkflowFile, workflowFolders } from '../workflow/files.ts';

/** The workflow files of a checkout, from the first workflow folder that has some. */
export function filesOf(root: string): WorkflowFile[] {
  for (const folder of workflowFolders) {
    const found = listFolder(join(root, folder));
    if (found.length > 0)
      return found.map((name) => readWorkflowFile(root, join(root, folder, name), `${folder}/${name}`));
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

/** @param name the file as a person named it. @throws VoltError `not_found` */
export function readWorkflowFile(root: string, path: string, name: string): WorkflowFile {
  const inside = path.startsWith(`${root}${sep}`);
  try {
    if (statSync(path).size > 10_000_000) throw new Error('it is larger than 10 MB');
    return { path: inside ? relative(root, path).split(sep).join('/') : name, text: readFileSync(path, 'utf8') };
  } catch (error) {
    throw new VoltError('not_found', `cannot read ${name}: ${errorText(error)}`, {
      remedy: 'Name an existing workflow file, or none to use all of the checkout.',
      cause: error,
    });
  }
}

/** The checkout that contains a folder, or else the folder itself. */
export function checkoutAround(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (statSync(join(at, '.git'), { throwIfNoEntry: false })) return at;
    if (dirname(at) === at) return folder;
  }
}
