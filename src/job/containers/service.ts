import { join } from 'node:path';
import { EngineRefusal } from '../../engine/connection.ts';
import { readContainerLog } from '../../engine/container-log.ts';
import type { ContainerPlan } from '../../engine/container-plan.ts';
import { type ContainerState, stateOf } from '../../engine/containers.ts';
import { checkHealth, type HealthCheck, imageCheck } from '../../engine/health.ts';
import { argvOf, type Image } from '../../engine/images.ts';
import { makeVolume } from '../../engine/volumes.ts';
import { VoltError } from '../../kernel/errors.ts';
import { pause } from '../../system/wait.ts';
import type { ServiceSpec } from '../../workflow/containers/spec.ts';
import { makeFoldersInside } from '../files/hand-over.ts';
import { type JobAborted, overLimit } from '../outcome.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import { containerBreach } from './container-breach.ts';
import type { ContainerGround } from './container-ground.ts';
import {
  checkTargets,
  closedPaths,
  engineVolumes,
  hostsMount,
  machineMounts,
  workspaceMounts,
} from './container-mounts.ts';
import { containerOptions } from './container-options.ts';
import { idsOf } from './container-user.ts';
import { said } from './engine-words.ts';
import { jobImage } from './job-image.ts';
import { healthCheckOf, healthPatience, healthPause } from './service-health.ts';

/** Lines at the end of a service's log that the job's log gets. */
const shownLines = 500;
/** Milliseconds for the engine to give the logs of a job's services. */
export const logPatience = 10_000;

/** A service of a job, whose container runs. */
export class Service {
  readonly spec: ServiceSpec;
  /** id of its container */
  readonly id: string;
  readonly #job: WorkflowState;
  readonly #ground: ContainerGround;
  readonly #health: HealthCheck | null;
  readonly #plan: Pick<ContainerPlan, 'limits' | 'program'>;
  /** what its last health check has printed */
  #checked = '';

  private constructor(
    job: WorkflowState,
    spec: ServiceSpec,
    ground: ContainerGround,
    { id, health, plan }: { id: string; health: HealthCheck | null; plan: ContainerPlan },
  ) {
    this.#job = job;
    this.spec = spec;
    this.#ground = ground;
    this.id = id;
    this.#health = health;
    this.#plan = plan;
  }

  /**
   * Gets the image and starts the container.
   * @param ports that the machine can reach at its loopback address
   * @throws VoltError `image_unavailable`, `engine_failed`
   */
  static async start(
    job: WorkflowState,
    spec: ServiceSpec,
    ground: ContainerGround,
    { ports, signal }: { ports: ContainerPlan['ports']; signal: AbortSignal },
  ): Promise<Service> {
    const { engine } = ground;
    const { image: name, credentials: login, id: service } = spec;
    const image = await jobImage(job, engine, { name, login, title: `${service}: `, signal });
    await job.log.line(`Service ${spec.id}: image ${spec.image} (${image.digest ?? image.id})`);
    signal.throwIfAborted();
    const health = healthCheckOf(spec.options.health, await said(imageCheck(engine, image.id)));
    const plan = await planOf(job, spec, ground, image);
    const { id } = await said(job.context.engine.start(engine, { ...plan, ...(ports && { ports }) }, ground.protect));
    return new Service(job, spec, ground, { id, health, plan });
  }

  /**
   * Waits until its health check succeeds, if it has one.
   * @throws VoltError `service_failed` if it ends or takes too long, JobAborted at a limit of the job; its log is in the job's log then
   */
  async untilReady(signal: AbortSignal): Promise<void> {
    const health = this.#health;
    const begun = performance.now();
    for (let checks = 1; ; checks++) {
      const state = await this.state();
      if (!state?.isRunning) {
        const failed = await this.#failed(ended(state));
        throw this.overLimit(state) ?? failed;
      }
      if (!health || (await this.#isHealthy(health))) return;
      const time = performance.now() - begun;
      if (time > healthPatience(health, this.#job.context.serviceTime)) throw await this.#unhealthy(time);
      if (checks === 1) await this.#job.log.line(`Service ${this.spec.id}: waiting until it is healthy`);
      await pause(healthPause(checks, health), signal);
      signal.throwIfAborted();
    }
  }

  state(): Promise<ContainerState | undefined> {
    return stateOf(this.#ground.engine, this.id);
  }

  /**
   * Writes the end of what it has printed to the job's log. Never rejects.
   * @param signal ends the reading
   * @param title in the words of GitHub's runner
   */
  async showLog(signal: AbortSignal, title = `Print service container logs: ${this.spec.id}`): Promise<void> {
    const { log } = this.#job;
    await log.line(`##[group]${title}`);
    try {
      await readContainerLog(this.#ground.engine, this.id, shownLines, (chunk) => log.write(chunk), signal);
    } catch {
      await log.line('The container engine does not have it.');
    }
    await log.line('##[endgroup]');
  }

  async #isHealthy(check: HealthCheck): Promise<boolean> {
    try {
      const { isHealthy, output } = await checkHealth(this.#ground.engine, this.id, check, this.#plan.program.env);
      this.#checked = output;
      return isHealthy;
    } catch (error) {
      // the container has ended meanwhile
      if (error instanceof EngineRefusal) return false;
      throw error;
    }
  }

  /** Whether a limit of the job has ended the service. @returns the error */
  overLimit(state: ContainerState | undefined): JobAborted | undefined {
    const breach = state?.isOutOfMemory ? containerBreach(this.#plan.limits, { killed: 1, refused: 0 }) : undefined;
    return breach === undefined ? undefined : overLimit(`the service ${this.spec.id} ${breach}`);
  }

  async #unhealthy(time: number): Promise<VoltError> {
    const said = this.#checked === '' ? '' : `: ${this.#checked.slice(-500)}`;
    return this.#failed(`is not healthy after ${Math.round(time / 1000)} s${said}`);
  }

  async #failed(what: string): Promise<VoltError> {
    await this.showLog(AbortSignal.timeout(logPatience), `Service container ${this.spec.id} failed.`);
    return serviceFailed(this.spec.id, what);
  }
}

function ended(state: ContainerState | undefined): string {
  return `has ended${state ? ` with code ${state.exitCode}` : ''}`;
}

/** @param what goes on after the name of the service */
export function serviceFailed(id: string, what: string): VoltError {
  return new VoltError('service_failed', `the service ${id} ${what}`, {
    remedy: "What it has printed is in the job's log; check its image, its settings and its health check.",
  });
}

async function planOf(
  job: WorkflowState,
  spec: ServiceSpec,
  { engine, labels, prefix, network, pod }: ContainerGround,
  image: Image,
): Promise<ContainerPlan> {
  const { folders, context } = job;
  const { owner } = context.sandbox;
  const inWorkspace = spec.volumes.flatMap(({ source }) =>
    source.kind === 'workspace' ? [join(folders.workspace, source.path)] : [],
  );
  makeFoldersInside(folders.root, inWorkspace, owner);
  const mounts = [
    ...hostsMount(context.sandbox),
    ...workspaceMounts(folders, spec.volumes),
    ...machineMounts(spec.volumes, closedPaths(engine, context)),
  ];
  const volumes = engineVolumes(prefix, spec.volumes);
  checkTargets([...mounts, ...volumes]);
  for (const { name } of volumes) if (name !== undefined) await said(makeVolume(engine, name, labels));
  const { limits } = await context.processes;
  const ids = idsOf(engine, { uid: 0, gid: 0 }, owner);
  const { user, workdir, aliases, labels: own } = spec.options;
  return {
    ...containerOptions(limits, spec.options),
    ...{ image: image.id, labels: { ...own, ...labels }, mounts, volumes, pod },
    program: {
      argv: argvOf(image, spec.entrypoint, spec.command),
      env: { CI: 'true', GITHUB_ACTIONS: 'true', ...spec.env },
    },
    ...(network && { network: { name: network.name, aliases: [spec.id, ...aliases] } }),
    ...(workdir !== undefined && { cwd: workdir }),
    ...(user !== undefined && { user }),
    ...(ids && { ids }),
  };
}
