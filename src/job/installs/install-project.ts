import { join } from 'node:path';
import { listTree } from '../../git/commit-tree.ts';
import { Mirror } from '../../git/mirror/mirror.ts';
import type { Project } from '../discovery/project.ts';
import type { JobInput } from '../input-and-result.ts';
import type { InstallJob } from './install-job.ts';
import { installNodeModules } from './node-modules.ts';
import { makePythonEnvironment } from './python-environment.ts';

/** The job that installs a project. */
type Job = Omit<InstallJob, 'folder' | 'files' | 'isCut'> & { input: JobInput };

/**
 * Makes the environment of a project, if it asks for one.
 * @returns the variables of its commands
 */
export async function makeEnvironment(
  project: Pick<Project, 'folder' | 'environment'>,
  job: Job,
): Promise<Record<string, string>> {
  const { environment } = project;
  if (!environment) return { ...job.context.env };
  return makePythonEnvironment(environment, await jobOf(project, job), job.context.installs);
}

/**
 * Installs the packages of a project instead of its own step, or by it.
 * @returns false where that step has to run as it is
 */
export async function installPackages(
  project: Pick<Project, 'kind' | 'folder'>,
  command: string,
  job: Job,
): Promise<boolean> {
  const { installs } = job.context;
  if (project.kind !== 'node' || !installs || installs.isOff) return false;
  return installNodeModules(command, await jobOf(project, job), installs);
}

async function jobOf({ folder }: Pick<Project, 'folder'>, job: Job): Promise<InstallJob> {
  const { input, context } = job;
  const mirror = new Mirror(context.mirrors, input.repo.url, input.repo);
  const { files, isCut } = await listTree(mirror.path, input.sha, context.signal);
  const prefix = folder === '' ? '' : `${folder}/`;
  const own = files
    .filter(({ path }) => path.startsWith(prefix))
    .map((file) => ({ ...file, path: file.path.slice(prefix.length) }));
  return { ...job, folder: join(context.folder, 'workspace', folder), files: own, isCut };
}
