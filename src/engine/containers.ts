import { EngineRefusal } from './connection.ts';
import type { ContainerPlan, IdRange } from './container-plan.ts';
import type { Engine } from './engine.ts';

/** A container as the engine describes it. */
export interface ContainerState {
  isRunning: boolean;
  exitCode: number;
  /** its first process, as the machine sees it; 0 when it does not run */
  pid: number;
}

/**
 * Makes a container and starts it.
 * @returns its id
 * @throws EngineRefusal, and VoltError `engine_failed`
 */
export async function startContainer(engine: Engine, plan: ContainerPlan): Promise<string> {
  const id = await createContainer(engine, plan);
  try {
    await engine.connection.docker(`/containers/${id}/start`, { method: 'POST' });
    return id;
  } catch (error) {
    await removeContainer(engine, id).catch(() => undefined);
    throw error;
  }
}

/** Makes a container that does not run yet. @returns its id */
export async function createContainer({ connection, kind }: Engine, plan: ContainerPlan): Promise<string> {
  const made =
    kind === 'podman'
      ? await connection.podman<{ Id: string }>('/containers/create', { body: podmanBody(plan) })
      : await connection.docker<{ Id: string }>('/containers/create', { body: dockerBody(plan) });
  return made.Id;
}

/** @returns undefined where there is no such container */
export async function stateOf({ connection }: Engine, id: string): Promise<ContainerState | undefined> {
  const about = await unlessGone(
    connection.docker<{ State: { Running: boolean; ExitCode: number; Pid: number } }>(`/containers/${id}/json`),
  );
  return about && { isRunning: about.State.Running, exitCode: about.State.ExitCode, pid: about.State.Pid };
}

/** Ids of the containers with all of the labels, running or not. */
export async function containersWith(
  { connection }: Engine,
  labels: Readonly<Record<string, string>>,
): Promise<string[]> {
  const found = await connection.docker<{ Id: string }[]>('/containers/json', {
    query: { all: 'true', filters: labelFilter(labels) },
  });
  return found.map(({ Id: id }) => id);
}

/** Kills a container with all of its processes, and removes it with its nameless volumes. One that is gone is no error. */
export async function removeContainer({ connection, kind }: Engine, id: string): Promise<void> {
  // podman waits ten seconds for an orderly end that nobody needs, see podman-rm(1)
  const remove = () =>
    kind === 'podman'
      ? connection.podman(`/containers/${id}`, {
          method: 'DELETE',
          query: { force: 'true', timeout: '0', v: 'true' },
        })
      : connection.docker(`/containers/${id}`, { method: 'DELETE', query: { force: 'true', v: 'true' } });
  try {
    await unlessGone(remove());
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
    // the first try may only notice that the process which watched the container is gone
    await unlessGone(remove());
  }
}

/** Kills all processes of a container. One that does not run, or is gone, is no error. */
export async function killContainer({ connection }: Engine, id: string): Promise<void> {
  try {
    await unlessGone(connection.docker(`/containers/${id}/kill`, { method: 'POST', patience: 5000 }));
  } catch (error) {
    // not running: 409, of podman also 500
    if (!(error instanceof EngineRefusal)) throw error;
  }
}

/** The filter of a list in Docker's API. */
export function labelFilter(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) });
}

/** @returns undefined where what was asked for does not exist */
export async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof EngineRefusal && error.status === 404) return undefined;
    throw error;
  }
}

/** In the words of podman's API, see https://docs.podman.io/en/latest/_static/api.html (SpecGenerator). */
function podmanBody(plan: ContainerPlan): unknown {
  const { ids, limits, network, user, cwd } = plan;
  const ranges = (all: readonly IdRange[]) =>
    all.map(({ inside, outside, count }) => ({ container_id: inside, host_id: outside, size: count }));
  return {
    ...{ image: plan.image, labels: plan.labels, env: plan.env, stop_timeout: 0, no_new_privileges: true },
    // the machine's proxies are the caller's to give
    httpproxy: false,
    ...(plan.entrypoint && { entrypoint: plan.entrypoint }),
    ...(plan.command && { command: plan.command }),
    ...(cwd !== undefined && { work_dir: cwd }),
    ...(user !== undefined && { user }),
    mounts: plan.mounts.map(({ from, to, readOnly }) => ({
      ...{ type: 'bind', source: from, destination: to },
      options: ['rbind', readOnly ? 'ro' : 'rw', 'nosuid', 'nodev'],
    })),
    netns: { nsmode: 'bridge' },
    networks: { [network.name]: { aliases: network.aliases } },
    ...(ids && {
      userns: { nsmode: 'private' },
      idmappings: {
        ...{ HostUIDMapping: false, HostGIDMapping: false },
        ...{ UIDMap: ranges(ids.users), GIDMap: ranges(ids.groups) },
      },
    }),
    resource_limits: {
      ...(limits.memory !== undefined && { memory: { limit: limits.memory, swap: limits.memory } }),
      ...(limits.processes !== undefined && { pids: { limit: limits.processes } }),
    },
  };
}

/** In the words of Docker's API, see https://docs.docker.com/reference/api/engine/version/v1.41/ (ContainerCreate). */
function dockerBody(plan: ContainerPlan): unknown {
  const { limits, network, user, cwd } = plan;
  return {
    Image: plan.image,
    Labels: plan.labels,
    Env: Object.entries(plan.env).map(([name, value]) => `${name}=${value}`),
    StopTimeout: 0,
    ...(plan.entrypoint && { Entrypoint: plan.entrypoint }),
    ...(plan.command && { Cmd: plan.command }),
    ...(cwd !== undefined && { WorkingDir: cwd }),
    ...(user !== undefined && { User: user }),
    HostConfig: {
      SecurityOpt: ['no-new-privileges'],
      NetworkMode: network.name,
      Mounts: plan.mounts.map(({ from, to, readOnly = false }) => ({
        ...{ Type: 'bind', Source: from, Target: to, ReadOnly: readOnly },
      })),
      ...(limits.memory !== undefined && { Memory: limits.memory, MemorySwap: limits.memory }),
      ...(limits.processes !== undefined && { PidsLimit: limits.processes }),
    },
    NetworkingConfig: { EndpointsConfig: { [network.name]: { Aliases: network.aliases } } },
  };
}
