import { basename, join } from 'node:path';
import type { ContainerPlan } from '../../engine/container-plan.ts';
import type { Engine } from '../../engine/engine.ts';
import type { ContainerVolume } from '../../workflow/containers/spec.ts';
import { StepFault } from '../fault.ts';
import type { JobContext } from '../job-context.ts';
import type { JobIsolation } from '../sandbox/job-isolation.ts';
import type { JobFolders, WorkflowState } from '../steps/workflow-state.ts';
import { machinePath } from './machine-path.ts';

/**
 * Folders of the job that its container sees, under the same paths. The workspace has GitHub's path, too, which many scripts
 * contain.
 */
export function jobMounts({ folders, github }: Pick<WorkflowState, 'folders' | 'github'>): ContainerPlan['mounts'] {
  const { workspace, temp, commands, actions, home, event } = folders;
  const same = [workspace, temp, commands, actions, home, event].map((path) => ({ from: path, to: path }));
  const repository = basename(String(github.repository ?? '')) || 'repository';
  return [...same, { from: workspace, to: `/__w/${repository}/${repository}` }];
}

/** Where jobs reach listed hosts only, they find their addresses in a file of Volt. */
export function hostsMount({ isolation }: Pick<JobIsolation, 'isolation'>): ContainerPlan['mounts'] {
  if (isolation.level === 'none') return [];
  const files = isolation.level === 'user' ? (isolation.replaced ?? []) : isolation.view.readable;
  return files.filter(({ to }) => to === '/etc/hosts').map(({ from, to }) => ({ from, to, readOnly: true }));
}

/** Folders of the workspace that the job's container asks for; they must exist. */
export function workspaceMounts(
  { workspace }: Pick<JobFolders, 'workspace'>,
  volumes: readonly ContainerVolume[],
): ContainerPlan['mounts'] {
  return volumes.flatMap(({ source, target, readOnly }) =>
    source.kind === 'workspace' ? [{ from: join(workspace, source.path), to: target, readOnly }] : [],
  );
}

/** What no container gets: the socket of its engine, and the data of Volt. */
export function closedPaths({ connection }: Engine, { containers }: Pick<JobContext, 'containers'>): string[] {
  return [connection.socket, containers.dataDir];
}

/**
 * Paths of the machine that its owner lets the container have.
 * @param closed that no container gets
 * @throws StepFault for one that is missing or closed
 */
export function machineMounts(volumes: readonly ContainerVolume[], closed: readonly string[]): ContainerPlan['mounts'] {
  return volumes.flatMap(({ source, target, readOnly }) =>
    source.kind === 'machine' ? [{ from: machinePath(source.path, closed), to: target, readOnly }] : [],
  );
}

/**
 * Volumes of the engine, which are new for each job and removed at its end, as on GitHub's own runners: no job finds what another
 * one has written.
 * @param job begins the names of its volumes
 */
export function engineVolumes(job: string, volumes: readonly ContainerVolume[]): NonNullable<ContainerPlan['volumes']> {
  return volumes.flatMap(({ source, target, readOnly }) => {
    if (source.kind === 'workspace' || source.kind === 'machine') return [];
    return [{ ...(source.kind === 'named' && { name: `${job}-${source.name}` }), to: target, readOnly }];
  });
}

/** @throws StepFault if two of them have the same path in the container */
export function checkTargets(targets: readonly { to: string }[]): void {
  const seen = new Set<string>();
  for (const { to } of targets) {
    if (seen.has(to)) throw new StepFault(`the path ${to} in the container is taken already`);
    seen.add(to);
  }
}
