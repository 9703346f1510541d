import { randomBytes } from 'node:crypto';
import { pause, within } from '../system/wait.ts';
import { EngineRefusal } from './connection.ts';
import { labelFilter, unlessGone } from './containers.ts';
import type { Engine } from './engine.ts';

/**
 * Milliseconds to wait for the removal of a pod, long enough to ask for it. Podman removes the control group last, and waits three
 * seconds for the processes that have watched commands in its containers: see rmDirRecursively in its common/pkg/cgroups.
 */
const patience = 20;
/** Milliseconds until it has finished that, unless it was killed meanwhile. */
const usualRemoval = 5000;

/** What all containers of a pod may use together. */
export interface PodLimits {
  /** bytes */
  memory?: number | undefined;
  processes?: number | undefined;
}

/**
 * Makes a pod, whose containers share a control group and nothing else. Only podman has pods.
 * @returns its name
 * @throws EngineRefusal, VoltError `engine_failed`
 */
export async function makePod(
  { connection }: Engine,
  labels: Readonly<Record<string, string>>,
  { memory, processes }: PodLimits,
): Promise<string> {
  const name = `volt${randomBytes(5).toString('hex')}`;
  await connection.podman('/pods/create', {
    body: {
      ...{ name, labels, no_infra: true, share_parent: true, shared_namespaces: [] },
      resource_limits: {
        ...(memory !== undefined && { memory: { limit: memory, swap: memory } }),
        ...(processes !== undefined && { pids: { limit: processes } }),
      },
    },
  });
  return name;
}

/** Names of the pods with all of the labels. */
export async function podsWith(
  { connection, kind }: Engine,
  labels: Readonly<Record<string, string>>,
): Promise<string[]> {
  if (kind !== 'podman') return [];
  const list = () =>
    connection.podman<{ Name: string }[] | null>('/pods/json', { query: { filters: labelFilter(labels) } });
  const found = await list().catch((error) => {
    // it fails where one of them is removed at the same moment
    if (error instanceof EngineRefusal) return list();
    throw error;
  });
  return (found ?? []).map(({ Name: name }) => name);
}

/**
 * Removes a pod with what is left of its containers. One that is gone is no error. Podman goes on after this has resolved, if it
 * takes long.
 */
export async function removePod({ connection }: Engine, name: string): Promise<void> {
  const removed = unlessGone(
    connection.podman(`/pods/${name}`, { method: 'DELETE', query: { force: 'true', timeout: '0' } }),
  );
  removed.catch(() => undefined);
  await within(removed, patience);
}

/** Removes the pods whose removal the engine has not finished, unless the signal ends it before. Never rejects. */
export async function untilPodsAreGone(
  engine: Engine,
  labels: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  for (let left = true; left && !signal.aborted; ) {
    await pause(usualRemoval, signal);
    const names = await podsWith(engine, labels).catch(() => undefined);
    for (const name of names ?? []) await removePod(engine, name);
    left = names?.length !== 0;
  }
}
