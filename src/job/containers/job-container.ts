import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { EngineRefusal, engineFailed } from '../../engine/connection.ts';
import type { ContainerPlan } from '../../engine/container-plan.ts';
import type { Engine } from '../../engine/engine.ts';
import { endContainer, type FirstProcess } from '../../engine/first-process.ts';
import type { Image } from '../../engine/images.ts';
import { makeNetwork } from '../../engine/networks.ts';
import { removeLabelled } from '../../engine/remove-labelled.ts';
import { makeVolume } from '../../engine/volumes.ts';
import { shareRules } from '../../exec/network/shared-rules.ts';
import { errorText } from '../../kernel/errors.ts';
import { proxiesIn } from '../../system/environment.ts';
import { within } from '../../system/wait.ts';
import type { ContainerSpec } from '../../workflow/containers/spec.ts';
import { makeFoldersInside, writeInside } from '../files/hand-over.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import { nodeInside, nodeParts, restoringScript } from './brought-node.ts';
import { ContainerHost } from './container-host.ts';
import { checkTargets, engineVolumes, hostsMount, jobMounts, workspaceMounts } from './container-mounts.ts';
import { containerOptions } from './container-options.ts';
import { idRanges, userOf } from './container-user.ts';
import { jobImage } from './job-image.ts';

/** Search path of an image that names none, as Docker has it. */
const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Milliseconds after which the processes of a container are ended without the engine; its removal goes on. */
const removePatience = 10_000;

/** A job's container, from its image to its removal. */
export class JobContainer {
  readonly host: ContainerHost;
  /** `container` in the job's context */
  readonly context: { id: string; network: string };
  /** a folder for tools, which the job's container alone uses */
  readonly toolCache: string;
  readonly #engine: Engine;
  readonly #job: WorkflowState;
  readonly #labels: Record<string, string>;
  readonly #first: FirstProcess;

  private constructor(job: WorkflowState, engine: Engine, { host, id, first, network, labels }: StartedContainer) {
    this.#first = first;
    this.#labels = labels;
    this.#job = job;
    this.#engine = engine;
    this.host = host;
    this.context = { id, network };
    this.toolCache = join(job.folders.temp, '_tool');
  }

  /**
   * Gets the image, and starts the container in a network of its own.
   * @throws VoltError `image_unavailable`, `engine_failed`; StepFault where the image cannot be used in this way
   */
  static async start(job: WorkflowState, spec: ContainerSpec, signal: AbortSignal): Promise<JobContainer> {
    const { engine: access } = job.context;
    const engine = await access.open();
    const image = await jobImage(job, engine, { name: spec.image, login: spec.credentials, title: '', signal });
    await job.log.line(`Image ${spec.image} (${image.digest ?? image.id})`);
    const labels = await access.labels();
    signal.throwIfAborted();
    const { network: jobNetwork } = await job.context.processes;
    try {
      // where jobs reach nothing, their containers have no network at all
      const network = jobNetwork === 'loopback' ? undefined : await said(makeNetwork(engine, labels));
      const plan = await planOf(job, spec, { engine, image, labels, network: network?.name });
      signal.throwIfAborted();
      const { id, first } = await said(access.start(engine, plan.container));
      if (network && typeof jobNetwork !== 'string') await shareRules(jobNetwork, first.pid, network.gateway);
      const env = { ...plan.env, ...spec.env };
      const limits = job.context.processes.then((processes) => processes.limits);
      const { node } = plan;
      const host = new ContainerHost({
        ...{ engine, id, first, env, limits, node },
        ...{ image: spec.image, folder: job.folders.root },
      });
      // whatever ends the job's processes ends its container
      void job.context.processes
        .then(({ ended }) => ended)
        .then(() => endContainer(engine, id, first))
        .catch(() => undefined);
      return new JobContainer(job, engine, { host, id, first, network: network?.name ?? '', labels });
    } catch (error) {
      await removeLabelled(engine, labels).catch(() => undefined);
      throw error;
    }
  }

  /** Ends all processes in the container, and removes it with its network. Never rejects. */
  async stop(): Promise<void> {
    const removed = removeLabelled(this.#engine, this.#labels).then(
      () => '',
      (error) => errorText(error),
    );
    const why =
      (await within(removed, removePatience)) ?? `the engine did not answer within ${removePatience / 1000} s`;
    if (why === '') return;
    // another attempt may begin as soon as this one is over
    this.#first.kill();
    await this.#job.log.line(`##[warning]the container could not be removed yet: ${why}`);
  }
}

interface StartedContainer {
  host: ContainerHost;
  id: string;
  first: FirstProcess;
  network: string;
  labels: Record<string, string>;
}

interface Planned {
  container: ContainerPlan;
  /** that steps begin with */
  env: Record<string, string>;
  node: { program: string; restore: string } | undefined;
}

async function planOf(
  job: WorkflowState,
  spec: ContainerSpec,
  {
    engine,
    image,
    labels,
    network,
  }: { engine: Engine; image: Image; labels: Record<string, string>; network: string | undefined },
): Promise<Planned> {
  const { folders, context } = job;
  const { owner } = context.sandbox;
  const home = join(folders.temp, '_github_home');
  const restore = join(folders.temp, '_volt', 'restore-environment.cjs');
  const own = spec.volumes.flatMap(({ source }) =>
    source.kind === 'workspace' ? [join(folders.workspace, source.path)] : [],
  );
  makeFoldersInside(folders.root, [home, dirname(restore), join(folders.temp, '_tool'), ...own], owner);
  writeInside(folders.root, restore, restoringScript, owner);
  const parts = await nodeParts();
  const paths = (parts?.libraries ?? []).map(({ path }) => path);
  const facts = await said(context.engine.looks.into(engine, image.id, labels, paths));
  const libraries = (parts?.libraries ?? []).filter(({ path }) => facts.lacking.includes(path));
  const node = parts && [
    { from: parts.program, to: nodeInside, readOnly: true },
    ...libraries.map(({ from, path }) => ({ from, to: path, readOnly: true })),
  ];
  const user = spec.options.user ?? image.user;
  const isRoot = process.getuid?.() === 0 && !engine.isRootless;
  const ids =
    engine.kind === 'podman' && isRoot ? idRanges(userOf(user, facts), owner ?? { uid: 0, gid: 0 }) : undefined;
  const { limits } = await context.processes;
  const env = { CI: 'true', GITHUB_ACTIONS: 'true', HOME: home, PATH: image.env.PATH ?? usualPath };
  const mounts = [
    ...jobMounts(job),
    ...hostsMount(context.sandbox),
    ...(node ?? []),
    ...workspaceMounts(folders, spec.volumes),
  ];
  const volumes = engineVolumes(`volt${randomBytes(5).toString('hex')}`, spec.volumes);
  checkTargets([...mounts, ...volumes]);
  for (const { name } of volumes) if (name !== undefined) await said(makeVolume(engine, name, labels));
  const options = containerOptions(spec.options, limits);
  return {
    // with passwords, which nothing that the engine keeps has
    env: { ...env, ...proxiesIn(context.env) },
    node: parts && { program: nodeInside, restore },
    container: {
      ...options,
      ...{ image: image.id, labels: { ...spec.options.labels, ...labels } },
      env,
      cwd: spec.options.workdir ?? folders.workspace,
      // as on GitHub, the image's own program does not run
      ...{ entrypoint: ['tail'], command: ['-f', '/dev/null'] },
      ...{ mounts, volumes },
      ...(network !== undefined && { network: { name: network, aliases: spec.options.aliases } }),
      ports: spec.ports,
      ...(user !== '' && { user }),
      ...(ids && { ids }),
    },
  };
}

/** Turns what the engine refuses into an error for people. */
async function said<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof EngineRefusal)
      throw engineFailed(`the container engine does not start the container: ${error.message}`, error);
    throw error;
  }
}
