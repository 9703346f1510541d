import { dirname, join } from 'node:path';
import type { ContainerPlan } from '../../engine/container-plan.ts';
import type { FirstProcess } from '../../engine/first-process.ts';
import type { Image } from '../../engine/images.ts';
import { makeVolume } from '../../engine/volumes.ts';
import { environmentInside, proxiesIn } from '../../system/environment.ts';
import type { ContainerSpec } from '../../workflow/containers/spec.ts';
import { makeFoldersInside, writeInside } from '../files/hand-over.ts';
import { nodeInside, nodeParts, restoringScript } from './brought-node.ts';
import { certificatesIn } from './certificates.ts';
import type { ContainerGround } from './container-ground.ts';
import { ContainerHost } from './container-host.ts';
import type { ContainerJob } from './container-job.ts';
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
import { idsOf, userOf } from './container-user.ts';
import { said } from './engine-words.ts';
import { jobImage } from './job-image.ts';
import { noOpSudo } from './no-op-sudo.ts';

/** Search path of an image that names none, as Docker has it. */
const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A job's container. */
export class JobContainer {
  readonly host: ContainerHost;
  /** of the container */
  readonly id: string;
  readonly first: FirstProcess;
  readonly image: Image;
  /** a folder for tools, which the job's container alone uses */
  readonly toolCache: string;

  private constructor({ host, id, first, image, toolCache }: Pick<JobContainer, keyof JobContainer>) {
    this.host = host;
    this.id = id;
    this.first = first;
    this.image = image;
    this.toolCache = toolCache;
  }

  /**
   * Gets the image, and starts the container.
   * @throws VoltError `image_unavailable`, `engine_failed`; StepFault where the image cannot be used in this way
   */
  static async start(
    job: ContainerJob,
    spec: ContainerSpec,
    ground: ContainerGround,
    signal: AbortSignal,
  ): Promise<JobContainer> {
    const { engine, protect } = ground;
    const { engine: access } = job.context;
    const image = await jobImage(job, engine, { name: spec.image, login: spec.credentials, title: '', signal });
    job.image = { name: spec.image, digest: digestOf(image) };
    await job.log.line(`Image ${spec.image} (${image.digest ?? image.id})`);
    signal.throwIfAborted();
    const plan = await planOf(job, spec, { ...ground, image });
    signal.throwIfAborted();
    const { id, first } = await said(access.start(engine, plan.container, protect));
    const env = { ...plan.env, ...spec.env };
    const limits = job.context.processes.then((processes) => processes.limits);
    const { node } = plan;
    const host = new ContainerHost({
      ...{ engine, id, first, env, limits, node, shells: spec.isGiven ? ['bash', 'sh'] : ['sh'] },
      ...{ image: spec.image, folder: job.folders.root, bounds: plan.container.limits },
    });
    return new JobContainer({ host, id, first, image, toolCache: join(job.folders.temp, '_tool') });
  }
}

interface Planned {
  container: ContainerPlan;
  /** that steps begin with */
  env: Record<string, string>;
  node: { program: string; restore: string } | undefined;
}

async function planOf(
  job: ContainerJob,
  spec: ContainerSpec,
  { engine, image, labels, prefix, network, pod }: ContainerGround & { image: Image },
): Promise<Planned> {
  const { folders, context } = job;
  const { owner } = context.sandbox;
  const restore = join(folders.temp, '_volt', 'restore-environment.cjs');
  const own = spec.volumes.flatMap(({ source }) =>
    source.kind === 'workspace' ? [join(folders.workspace, source.path)] : [],
  );
  const sudo = join(folders.temp, '_volt', 'bin', 'sudo');
  makeFoldersInside(
    folders.root,
    [folders.home, dirname(restore), dirname(sudo), join(folders.temp, '_tool'), ...own],
    owner,
  );
  writeInside(folders.root, restore, restoringScript, owner);
  writeInside(folders.root, sudo, noOpSudo, owner, 0o755);
  const parts = await nodeParts();
  const paths = (parts?.libraries ?? []).map(({ path }) => path);
  const facts = await said(context.engine.looks.into(engine, image.id, labels, paths));
  const libraries = (parts?.libraries ?? []).filter(({ path }) => facts.lacking.includes(path));
  const node = parts && [
    { from: parts.program, to: nodeInside, readOnly: true },
    ...libraries.map(({ from, path }) => ({ from, to: path, readOnly: true })),
  ];
  const user = spec.options.user ?? image.user;
  const inside = userOf(user, facts);
  const ids = idsOf(engine, inside, owner);
  const { limits } = await context.processes;
  // last on the search path, so that an image's own sudo goes first
  const path = [image.env.PATH ?? usualPath, ...(inside.uid === 0 ? [dirname(sudo)] : [])].join(':');
  const env = { ...(job.view?.env ?? { CI: 'true', GITHUB_ACTIONS: 'true' }), HOME: folders.home, PATH: path };
  const certificates = certificatesIn(context.env);
  const mounts = [
    ...certificates.mounts,
    ...(job.view?.mounts ?? jobMounts(job)),
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
    env: {
      ...environmentInside(context.env),
      ...job.input.repo.env,
      ...env,
      ...certificates.env,
      ...proxiesIn(context.env),
    },
    node: parts && { program: nodeInside, restore },
    container: {
      ...options,
      ...{ image: image.id, labels: { ...spec.options.labels, ...labels } },
      cwd: spec.options.workdir ?? folders.workspace,
      // as on GitHub, the image's own program does not run
      program: { argv: ['tail', '-f', '/dev/null'], env: {} },
      ...{ mounts, volumes, pod },
      ...(network && { network: { name: network.name, aliases: spec.options.aliases } }),
      ...(user !== '' && { user }),
      ...(ids && { ids }),
    },
  };
}

/** What names the content of an image: the digest of its registry, else its id. */
function digestOf({ digest, id }: Image): string {
  return digest?.slice(digest.indexOf('@') + 1) ?? `sha256:${id.replace(/^sha256:/, '')}`;
}
