import { join } from 'node:path';
import { containerOf } from '../../workflow/containers/evaluated.ts';
import type { ContainerSpec } from '../../workflow/containers/spec.ts';
import { makeFoldersInside } from '../files/hand-over.ts';
import type { JobInput } from '../input-and-result.ts';
import type { StepContext } from '../job-context.ts';
import type { JobLog } from '../log.ts';
import { commands, containerFolders } from '../sandbox/sandbox-view.ts';
import type { JobGround } from './container-ground.ts';
import type { ContainerJob } from './container-job.ts';
import { JobContainer } from './job-container.ts';

/** Folders of a job that its tests see under the paths that they have on the machine. */
const shown = ['workspace', 'temp', 'reports', 'environment', containerFolders.home] as const;

/**
 * What a container of an image is that settings name: its processes are root in it, whatever user the image names, so that
 * tests can install what they need. On the machine they are the job's user.
 * @throws ContainerProblem
 */
export function containerOfImage(name: string): ContainerSpec {
  const rights = { privileged: 'refused', volumes: 'refused' } as const;
  const spec = containerOf(name, { workspaces: [], rights, isIsolated: true });
  if (!spec) throw new Error('the name of an image is empty');
  return { ...spec, isGiven: true, options: { ...spec.options, user: '0' } };
}

/** A job without a workflow, as its container sees it. */
export function testContainerJob(
  input: JobInput,
  { context, log }: { context: StepContext; log: JobLog },
): ContainerJob {
  const { folder: root, environment } = context;
  const at = (name: string) => join(root, name);
  const folders = {
    root,
    ...{ workspace: at('workspace'), temp: at('temp'), commands: at(commands), actions: at('actions') },
    ...{ home: at(containerFolders.home), event: at(containerFolders.event) },
  };
  const mounts = [
    ...shown.map(at).map((path) => ({ from: path, to: path })),
    // an environment of Python has its own path in its files
    ...(environment === undefined ? [] : [{ from: at('environment'), to: environment }]),
  ];
  const view = { mounts, env: { CI: 'true' } };
  return { input, context, folders, log, masker: log.masker, github: {}, tooSlow: undefined, image: undefined, view };
}

/**
 * Starts the container in which such a job runs its commands; the caller removes what the ground has.
 * @param image its name
 * @throws as `JobGround.open` and `JobContainer.start`
 */
export async function startTestContainer(job: ContainerJob, image: string, ground: JobGround): Promise<JobContainer> {
  const { context, folders } = job;
  const paths = shown.map((name) => join(folders.root, name));
  makeFoldersInside(folders.root, paths, context.sandbox.owner);
  return JobContainer.start(job, containerOfImage(image), await ground.open(), context.signal);
}
