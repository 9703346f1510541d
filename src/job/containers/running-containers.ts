import type { PortForwarder } from '../../exec/network/port-forwarder.ts';
import type { VoltError } from '../../kernel/errors.ts';
import type { Json } from '../../workflow/template.ts';
import type { JobAborted } from '../outcome.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import type { ContainerGround, JobGround } from './container-ground.ts';
import { JobContainer } from './job-container.ts';
import type { JobContainers } from './job-containers.ts';
import { logPatience, Service, serviceFailed } from './service.ts';
import { openPorts, publishedPorts, reachOf } from './service-ports.ts';

/** The containers of a job, from their start to their removal. */
export class RunningContainers {
  /** the one that the steps of the job run in */
  readonly container: JobContainer | undefined;
  /** `services` of the `job` context */
  readonly services: Record<string, Json>;
  readonly #ground: ContainerGround;
  readonly #started: readonly Service[];
  readonly #forwarder: PortForwarder | undefined;

  private constructor(
    ground: ContainerGround,
    made: Made & { services: Record<string, Json>; forwarder: PortForwarder | undefined },
  ) {
    this.#ground = ground;
    this.#started = made.started;
    this.#forwarder = made.forwarder;
    this.container = made.container;
    this.services = made.services;
  }

  /**
   * Starts the services and the container of a job in a network of their own, all at the same time, and waits until the services
   * are healthy.
   * @throws VoltError `image_unavailable`, `engine_failed`, `service_failed`; StepFault where an image cannot be used in this way
   */
  static async start(
    job: WorkflowState,
    asked: JobContainers,
    opening: JobGround,
    signal: AbortSignal,
  ): Promise<RunningContainers> {
    const ground = await opening.open(asked.services.length > 0);
    signal.throwIfAborted();
    const processes = await job.context.processes;
    const reach = reachOf(asked.container, processes);
    const { started, container } = await startAll(job, asked, ground, { reach, signal });
    const pid = container ? container.first.pid : (processes.pid as number);
    const isRootless = processes.groupKind === 'user-namespace';
    const { ports, forwarder } = await openPorts(started, reach, ground, { pid, isRootless });
    const services = started.map(({ spec, id }, index): [string, Json] => [
      spec.id,
      { id, ports: ports[index] ?? {}, network: ground.network?.name ?? '' },
    ]);
    return new RunningContainers(ground, {
      ...{ started, container, services: Object.fromEntries(services), forwarder },
    });
  }

  /** `container` of the `job` context, which also has the network of services. */
  get context(): Record<string, Json> {
    return { ...(this.container && { id: this.container.id }), network: this.#ground.network?.name ?? '' };
  }

  /**
   * A service that has ended by an error.
   * @returns the error; undefined if all services run or have ended as they should
   */
  async deadService(): Promise<VoltError | JobAborted | undefined> {
    for (const service of this.#started) {
      const state = await service.state().catch(() => undefined);
      if (!state || state.isRunning || state.exitCode === 0) continue;
      const limit = service.overLimit(state);
      if (limit) return limit;
      return serviceFailed(service.spec.id, `ended with code ${state.exitCode} while the job ran`);
    }
    return undefined;
  }

  /** Writes what the services have printed to the job's log, and ends the connections to them. Never rejects. */
  async close(): Promise<void> {
    const signal = AbortSignal.timeout(logPatience);
    for (const service of this.#started) await service.showLog(signal);
    await this.#forwarder?.close();
  }
}

interface Made {
  started: readonly Service[];
  container: JobContainer | undefined;
}

/** Waits for all of them, so that none is made after the others have been removed. */
async function startAll(
  job: WorkflowState,
  { services, container }: JobContainers,
  ground: ContainerGround,
  { reach, signal }: { reach: ReturnType<typeof reachOf>; signal: AbortSignal },
): Promise<Made> {
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const failed = (error: unknown): never => {
    stop.abort(error);
    throw error;
  };
  const starting = services.map(async (spec) => {
    const ports = publishedPorts(spec, reach, ground.engine);
    const service = await Service.start(job, spec, ground, { ports, signal: until });
    await service.untilReady(until);
    return service;
  });
  const begun = [...starting, ...(container ? [JobContainer.start(job, container, ground, until)] : [])];
  const ended = await Promise.allSettled(begun.map((each: Promise<Service | JobContainer>) => each.catch(failed)));
  signal.throwIfAborted();
  stop.signal.throwIfAborted();
  const made = ended.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  return {
    started: made.filter((each) => each instanceof Service),
    container: made.find((each) => each instanceof JobContainer),
  };
}
