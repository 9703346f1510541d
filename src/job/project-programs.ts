import { join } from 'node:path';
import { statInside } from './files/inside.ts';
import type { TestHost } from './test-host.ts';

/**
 * Whether a program exists and is executable.
 * @param program a name on the search path, or a path in the project's folder
 * @param project its checkout, and its folder there
 */
export async function isThere(
  program: string,
  project: { workspace: string; folder: string },
  { host, path }: { host: Pick<TestHost, 'find'>; path: string },
): Promise<boolean> {
  if (!program.includes('/')) return (await host.find(program, path)) !== undefined;
  const found = statInside(project.workspace, join(project.workspace, project.folder, program));
  return found?.isFile() === true && (found.mode & 0o111) !== 0;
}
