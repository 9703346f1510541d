import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { WorkflowFile } from '../../workflow/files.ts';
import { filesOf, readWorkflowFile } from '../workflow-files.ts';

/**
 * The workflow files of a checkout, and the wanted one, wherever it is.
 * @param wanted the name of a workflow, or a path from the present folder
 * @returns the files, and what names the wanted one among them
 */
export function findWorkflowFiles(
  root: string,
  wanted: string | undefined,
): { files: WorkflowFile[]; workflow: string | undefined } {
  const files = filesOf(root);
  if (wanted === undefined || !isFile(wanted)) return { files, workflow: wanted };
  // a name without slashes means a workflow file of the checkout first
  const isKnown = !wanted.includes('/') && files.some(({ path }) => path.endsWith(`/${wanted}`));
  if (isKnown) return { files, workflow: wanted };
  const file = readWorkflowFile(root, resolve(wanted), wanted);
  return { files: [...files.filter(({ path }) => path !== file.path), file], workflow: file.path };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
