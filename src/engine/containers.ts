import { pause } from '../system/wait.ts';
import { type EngineConnection, EngineRefusal, engineFailed } from './connection.ts';
import { dockerBody, podmanBody } from './container-bodies.ts';
import type { ContainerPlan } from './container-plan.ts';
import type { Engine } from './engine.ts';
import { giveEnvironment } from './starter/give-environment.ts';

/** Milliseconds for a removal that somebody else has begun, and between two looks at it. */
const removalPatience = 10_000;
const removalPause = 50;

/** A container as the engine describes it. */
export interface ContainerState {
  isRunning: boolean;
  exitCode: number;
  /** whether the kernel has killed one of its processes for want of memory; reliable once it has ended */
  isOutOfMemory: boolean;
  /** its first process, as the machine sees it; 0 when it does not run */
  pid: number;
  /** by the name of the network */
  addresses: Readonly<Record<string, string>>;
  /** ports of the machine, by port and protocol inside, such as `80/tcp` */
  published: Readonly<Record<string, number>>;
}

interface ContainerDescription {
  State: { Running: boolean; ExitCode: number; Pid: number; OOMKilled?: boolean };
  NetworkSettings?: {
    Networks?: Record<string, { IPAddress?: string }> | null;
    Ports?: Record<string, { HostPort: string }[] | null> | null;
  };
}

/** What is done with the first process of a container before its program begins. */
export type Prepare = (pid: number) => Promise<void>;

/**
 * Makes a container and starts it.
 * @returns its id
 * @throws EngineRefusal, VoltError `engine_failed`, and what `prepare` throws
 */
export async function startContainer(engine: Engine, plan: ContainerPlan, prepare?: Prepare): Promise<string> {
  const id = await createContainer(engine, plan);
  try {
    await beginContainer(engine, id, plan, prepare);
    return id;
  } catch (error) {
    await removeContainer(engine, id).catch(() => undefined);
    throw error;
  }
}

/** Starts a container that was made. @throws as `startContainer` */
export async function beginContainer(
  engine: Engine,
  id: string,
  { program }: Pick<ContainerPlan, 'program'>,
  prepare?: Prepare,
): Promise<void> {
  await engine.connection.docker(`/containers/${id}/start`, { method: 'POST' });
  const { pid = 0 } = (await stateOf(engine, id)) ?? {};
  await prepare?.(pid);
  // only now the starter starts the program
  await giveEnvironment(engine, id, pid, program.env);
}

/** Makes a container that does not run yet. @returns its id. @throws EngineRefusal, VoltError `engine_failed` */
export async function createContainer({ connection, kind }: Engine, plan: ContainerPlan): Promise<string> {
  const made =
    kind === 'podman'
      ? await connection.podman<{ Id: string }>('/containers/create', { body: podmanBody(plan) })
      : await connection.docker<{ Id: string }>('/containers/create', { body: dockerBody(plan) });
  return made.Id;
}

/** @returns undefined where there is no such container */
export async function stateOf({ connection }: Engine, id: string): Promise<ContainerState | undefined> {
  const about = await unlessGone(connection.docker<ContainerDescription>(`/containers/${id}/json`));
  if (!about) return undefined;
  const { State: state, NetworkSettings: { Networks: networks, Ports: ports } = {} } = about;
  const addresses = Object.entries(networks ?? {}).map(([name, { IPAddress: address = '' }]) => [name, address]);
  const published = Object.entries(ports ?? {}).flatMap(([port, bindings]) =>
    bindings?.[0] ? [[port, Number(bindings[0].HostPort)]] : [],
  );
  return {
    ...{ isRunning: state.Running, exitCode: state.ExitCode, pid: state.Pid },
    isOutOfMemory: state.OOMKilled === true,
    ...{ addresses: Object.fromEntries(addresses), published: Object.fromEntries(published) },
  };
}

/** Ids of the containers with all of the labels, running or not. */
export async function containersWith(
  { connection, kind }: Engine,
  labels: Readonly<Record<string, string>>,
): Promise<string[]> {
  const query = { all: 'true', filters: labelFilter(labels) };
  // podman lists none at Docker's address if it was killed while it changed the image of one
  const found =
    kind === 'podman'
      ? await connection.podman<{ Id: string }[] | null>('/containers/json', { query })
      : await connection.docker<{ Id: string }[]>('/containers/json', { query });
  return (found ?? []).map(({ Id: id }) => id);
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
    // somebody else removes it, such as the keeper
    if (/already in progress/.test(error.message)) return untilGone(connection, id);
    // the first try may only notice that the process which watched the container is gone
    await unlessGone(remove());
  }
}

/** @throws EngineRefusal, VoltError `engine_failed` where it is not gone in time */
async function untilGone(connection: EngineConnection, id: string): Promise<void> {
  const isThere = () => unlessGone(connection.docker(`/containers/${id}/json`));
  for (const until = performance.now() + removalPatience; await isThere(); await pause(removalPause))
    if (performance.now() > until) throw engineFailed(`the container engine does not remove the container ${id}`);
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
    // podman has another status when the container is being removed at that moment
    const isGone = error instanceof EngineRefusal && (error.status === 404 || /no such container/.test(error.message));
    if (isGone) return undefined;
    throw error;
  }
}
