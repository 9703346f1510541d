import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { WorkflowFile } from '../../workflow/files.ts';
import { filesOf, readWorkflowFile } from '../workflow-files.ts';

/**
 * The workflow files of a checkout, with the one that is wanted among them, wherever it lies.
 * @param wanted the name of a workflow, or the path of a file from the folder that a person stands in
 * @returns what of `wanted` names it among the files
 */
export function wantedFiles(
  root: string,
  wanted: string | undefined,
): { files: WorkflowFile[]; workflow: string | undefined } {
  const files = filesOf(root);
  if (wanted === undefined || !isFile(wanted)) return { files, workflow: wanted };
  // a bare name means a file of the checkout's workflows first
  const isKnown = !wanted.includes('/') && files.some(({ path }) => path.endsWith(`/${wanted}`));
  if (isKnown) return { files, workflow: wanted };
  const file = readWorkflowFile(root, resolve(wanted), wanted);
  return { files: [...files.filter(({ path }) => path !== file.path), file], workflow: file.path };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
