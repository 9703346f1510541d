import { posix } from 'node:path';
import type { TreeListing } from '../../job/discovery/packed-tree.ts';
import type { Project } from '../../job/discovery/project.ts';
import { jobEnvironment } from '../../system/environment.ts';
import { programOn } from '../../system/search-path.ts';

/** Programs that a project needs and this machine or the commit does not have. */
export function missingPrograms({ folder, steps }: Project, { files }: TreeListing): string[] {
  const path = jobEnvironment().PATH ?? '';
  const isThere = (program: string) =>
    program.includes('/')
      ? files.some((file) => file.executable && file.path === posix.join(folder, program))
      : programOn(path, program) !== undefined;
  return [...new Set(steps.flatMap(({ programs }) => programs))].filter((program) => !isThere(program));
}
