import { dirname, join } from 'node:path';
import type { ContainerPlan } from '../../engine/container-plan.ts';
import type { Image } from '../../engine/images.ts';
import { makeVolume } from '../../engine/volumes.ts';
import { proxiesIn } from '../../system/environment.ts';
import type { ContainerSpec } from '../../workflow/containers/spec.ts';
import { makeFoldersInside, writeInside } from '../files/hand-over.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import { nodeInside, nodeParts, restoringScript } from './brought-node.ts';
import { certificatesIn } from './certificates.ts';
import type { ContainerGround } from './container-ground.ts';
import { ContainerHost } from './container-host.ts';
import {
  checkTargets,
  closedPaths,
  engineVolumes,
  hostsMount,
  jobMounts,
  machineMounts,
  workspaceMounts,
} from './container-mounts.ts';
import { containerOptions } from './container-options.ts';
import { idRanges, userOf } from './container-user.ts';
import { said } from './engine-words.ts';
import { jobImage } from './job-image.ts';

/** Search path of an image that names none, as Docker has it. */
const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A job's container. */
export class JobContainer {
  readonly host: ContainerHost;
  /** of the container */
  readonly id: string;
  /** a folder for tools, which the job's container alone uses */
  readonly toolCache: string;

  private constructor(host: ContainerHost, id: string, toolCache: string) {
    this.host = host;
    this.id = id;
    this.toolCache = toolCache;
  }

  /**
   * Gets the image, and starts the container.
   * @throws VoltError `image_unavailable`, `engine_failed`; StepFault where the image cannot be used in this way
   */
  static async start(
    job: WorkflowState,
    spec: ContainerSpec,
    ground: ContainerGround,
    signal: AbortSignal,
  ): Promise<JobContainer> {
    const { engine, protect } = ground;
    const { engine: access } = job.context;
    const image = await jobImage(job, engine, { name: spec.image, login: spec.credentials, title: '', signal });
    await job.log.line(`Image ${spec.image} (${image.digest ?? image.id})`);
    signal.throwIfAborted();
    const plan = await planOf(job, spec, { ...ground, image });
    signal.throwIfAborted();
    const { id, first } = await said(access.start(engine, plan.container, protect));
    const env = { ...plan.env, ...spec.env };
    const limits = job.context.processes.then((processes) => processes.limits);
    const { node } = plan;
    const host = new ContainerHost({
      ...{ engine, id, first, env, limits, node },
      ...{ image: spec.image, folder: job.folders.root, bounds: plan.container.limits },
    });
    return new JobContainer(host, id, join(job.folders.temp, '_tool'));
  }
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
  { engine, image, labels, prefix, network, pod }: ContainerGround & { image: Image },
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
  const inside = userOf(user, facts);
  const ids = engine.kind === 'podman' && isRoot ? idRanges(inside, owner ?? { uid: 0, gid: 0 }) : undefined;
  const { limits } = await context.processes;
  const env = { CI: 'true', GITHUB_ACTIONS: 'true', HOME: home, PATH: image.env.PATH ?? usualPath };
  const certificates = certificatesIn(context.env);
  const mounts = [
    ...certificates.mounts,
    ...jobMounts(job),
    ...hostsMount(context.sandbox),
    ...(node ?? []),
    ...workspaceMounts(folders, spec.volumes),
    ...machineMounts(spec.volumes, closedPaths(engine, context)),
  ];
  const volumes = engineVolumes(prefix, spec.volumes);
  checkTargets([...mounts, ...volumes]);
  for (const { name } of volumes) if (name !== undefined) await said(makeVolume(engine, name, labels));
  const options = containerOptions(limits, spec.options);
  return {
    // with passwords, which nothing that the engine keeps has
    env: { ...env, ...certificates.env, ...proxiesIn(context.env) },
    node: parts && { program: nodeInside, restore },
    container: {
      ...options,
      ...{ image: image.id, labels: { ...spec.options.labels, ...labels } },
      env,
      cwd: spec.options.workdir ?? folders.workspace,
      // as on GitHub, the image's own program does not run
      ...{ entrypoint: ['tail'], command: ['-f', '/dev/null'] },
      ...{ mounts, volumes, pod },
      ...(network && { network: { name: network.name, aliases: spec.options.aliases } }),
      ...(user !== '' && { user }),
      ...(ids && { ids }),
    },
  };
}
