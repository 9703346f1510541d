import { join } from 'node:path';
import { programOn } from '../system/search-path.ts';
import { statInside } from './files/inside.ts';

/**
 * Whether a program exists and is executable.
 * @param program a name on the search path, or a path in the project's folder
 * @param project its checkout, and its folder there
 * @param path the search path
 */
export function isThere(program: string, project: { workspace: string; folder: string }, path: string): boolean {
  if (!program.includes('/')) return programOn(path, program) !== undefined;
  const found = statInside(project.workspace, join(project.workspace, project.folder, program));
  return found?.isFile() === true && (found.mode & 0o111) !== 0;
}
