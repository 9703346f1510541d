import { isIP } from 'node:net';
import type { ContainerPlan } from '../../engine/container-plan.ts';
import type { ContainerState } from '../../engine/containers.ts';
import { type ForwardedPort, PortForwarder } from '../../exec/network/port-forwarder.ts';
import type { ProcessGroup } from '../../exec/process-group.ts';
import { VoltError } from '../../kernel/errors.ts';
import type { ContainerPort, ContainerSpec, ServiceSpec } from '../../workflow/containers/spec.ts';
import type { ContainerGround } from './container-ground.ts';
import { type Service, serviceFailed } from './service.ts';

/** Ports by port of the service, as in `job.services.<id>.ports`. */
export type ServicePorts = { [port: string]: string };

/**
 * How the steps of a job reach its services: `name`: by their names, from the job's container; `machine`: at the loopback address
 * of the machine, whose network the job has; `forwarded`: at the loopback address of the job's own network, or of its container.
 */
export type ServiceReach = 'name' | 'machine' | 'forwarded';

/** @param container of the job; one that the workflow does not name expects its services at the loopback address, too */
export function reachOf(
  container: Pick<ContainerSpec, 'isGiven'> | undefined,
  { network }: Pick<ProcessGroup, 'network'>,
): ServiceReach {
  if (container) return container.isGiven ? 'forwarded' : 'name';
  return network === 'machine' ? 'machine' : 'forwarded';
}

/**
 * The ports that the engine opens on the machine for a service.
 * @throws VoltError `unsupported` for what cannot be forwarded
 */
export function publishedPorts(
  { id, ports }: ServiceSpec,
  reach: ServiceReach,
  { isRootless }: ContainerGround['engine'],
): ContainerPlan['ports'] {
  if (reach === 'machine') return ports;
  if (reach === 'name') return undefined;
  if (ports.some(({ protocol }) => protocol === 'udp')) {
    throw new VoltError('unsupported', `the service ${id} has a UDP port, which a job reaches from a container only`, {
      remedy: 'Give the job a `container`, from which it reaches services by their names.',
    });
  }
  // the machine does not reach the containers of an engine without root's rights
  return isRootless ? ports.map(({ container, protocol }) => ({ container, protocol })) : undefined;
}

/**
 * Opens the ports of services for the steps of the job.
 * @returns the ports of each service, in their order, and what must be closed
 * @throws VoltError `spawn_failed`, `service_failed`
 */
export async function openPorts(
  services: readonly Service[],
  reach: ServiceReach,
  { network }: ContainerGround,
  /** a process in the network where the job's steps run */
  inside: { pid: number; isRootless: boolean },
): Promise<{ ports: ServicePorts[]; forwarder: PortForwarder | undefined }> {
  if (reach === 'name') return { ports: services.map(({ spec }) => named(spec.ports)), forwarder: undefined };
  const states = await Promise.all(services.map((service) => stateOf(service)));
  if (reach === 'machine') {
    const ports = services.map(({ spec }, index) => published(spec.ports, states[index] as ContainerState));
    return { ports, forwarder: undefined };
  }
  const all = services.flatMap(({ spec }, index) =>
    spec.ports.map((port) => ({
      index,
      port,
      to: targetOf({ id: spec.id, port }, states[index] as ContainerState, network?.name ?? ''),
    })),
  );
  const ports: ServicePorts[] = services.map(() => ({}));
  if (all.length === 0) return { ports, forwarder: undefined };
  const wanted: ForwardedPort[] = all.map(({ port, to }) => ({ ...(port.host ? { port: port.host } : {}), to }));
  const forwarder = await PortForwarder.open(inside.pid, inside.isRootless, wanted);
  for (const [at, { index, port }] of all.entries())
    (ports[index] as ServicePorts)[port.container] = String(forwarder.ports[at]);
  return { ports, forwarder };
}

async function stateOf(service: Service): Promise<ContainerState> {
  const state = await service.state();
  if (state) return state;
  throw serviceFailed(service.spec.id, 'is gone');
}

/** In a container, a service has the ports that it listens on. */
function named(ports: readonly ContainerPort[]): ServicePorts {
  return Object.fromEntries(ports.map(({ container }) => [container, String(container)]));
}

function published(ports: readonly ContainerPort[], state: ContainerState): ServicePorts {
  return Object.fromEntries(
    ports.map(({ container, host, protocol }) => [
      container,
      String(state.published[`${container}/${protocol}`] ?? host ?? container),
    ]),
  );
}

/**
 * Where the machine reaches a port of a service.
 * @throws VoltError `service_failed` where it has no address: a connection to none would lead to the machine itself
 */
export function targetOf(
  { id, port: { container, protocol } }: { id: string; port: ContainerPort },
  { isRunning, published, addresses }: ContainerState,
  network: string,
): ForwardedPort['to'] {
  if (!isRunning) throw serviceFailed(id, 'has ended before its ports were open');
  const port = published[`${container}/${protocol}`];
  if (port !== undefined) return { host: '127.0.0.1', port };
  const host = addresses[network] ?? '';
  if (isIP(host) === 0) throw serviceFailed(id, 'has no address in the network of the job');
  return { host, port: container };
}
