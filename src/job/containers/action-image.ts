import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { BuildNetwork } from '../../engine/build-image.ts';
import { EngineRefusal, engineFailed } from '../../engine/connection.ts';
import type { Engine } from '../../engine/engine.ts';
import { imageName } from '../../engine/image-name.ts';
import { type Image, imageOf } from '../../engine/images.ts';
import { UnfinishedBuild } from '../../engine/unfinished-build.ts';
import { line } from '../../exec/network/filter.ts';
import type { GroupNetwork } from '../../exec/network/job-network.ts';
import { systemCode, VoltError } from '../../kernel/errors.ts';
import { proxiesIn } from '../../system/environment.ts';
import type { Right } from '../../workflow/containers/rights.ts';
import { StepFault } from '../fault.ts';
import { removeInside } from '../files/hand-over.ts';
import { openInside, readInside } from '../files/inside.ts';
import { runStepCommand } from '../steps/command.ts';
import { inProcessGroup } from '../steps/machine-host.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import { baseImages } from './base-images.ts';
import type { ContainerGround, JobGround } from './container-ground.ts';
import { idRanges } from './container-user.ts';
import { jobImage } from './job-image.ts';

/** Bytes of a Dockerfile. */
const largestDockerfile = 1_048_576;
/** How builders say that an image with a name that is made by `ARG` is not to be had. */
const noBase = /unable to copy from source|initializing source|container registry|reading manifest|pull access denied/i;

/** The image of an action: its full name, or the path of a Dockerfile, which is built once for each use that it has. */
export type ActionImage = { name: string } | { dockerfile: string; use: string };

/**
 * Gets an image, or builds it, once for a job.
 * @throws StepFault if the build fails; VoltError `image_unavailable`, `engine_failed`, or `unsupported` where the machine allows some images only
 */
export async function actionImage(
  job: WorkflowState,
  ground: JobGround,
  image: ActionImage,
  signal: AbortSignal,
): Promise<Image> {
  const opened = await ground.open();
  return ground.once(JSON.stringify(image), async () => {
    if ('dockerfile' in image) return build(job, opened, image.dockerfile, signal);
    return jobImage(job, opened.engine, { name: image.name, login: undefined, title: '', signal });
  });
}

/** The job removes the image at its end. */
async function build(
  job: WorkflowState,
  { engine, labels }: ContainerGround,
  dockerfile: string,
  signal: AbortSignal,
): Promise<Image> {
  const { context, log } = job;
  if (context.containers.isListed) {
    throw new VoltError('unsupported', 'a Dockerfile can begin with any image, and this runner allows some only', {
      remedy: 'Publish the image and use it by its name, or let the owner of the machine unset VOLT_ALLOW_IMAGES.',
    });
  }
  if (context.sandbox.isClosed) checkBuildRight(context.containers.rights.privileged);
  const { limits, network, pid } = await context.processes;
  const { owner } = context.sandbox;
  const root = { uid: 0, gid: 0 };
  const isMapped = engine.kind === 'podman' && !engine.isRootless && process.getuid?.() === 0;
  const name = imageName(`localhost/volt:${randomUUID()}`);
  const unfinished = new UnfinishedBuild();
  await log.line('##[group]Building docker image');
  await log.line(`Dockerfile for action: '${dockerfile}'.`);
  try {
    await getBaseImages(job, engine, dockerfile, signal);
    await withArchive(job, dirname(dockerfile), signal, (files) =>
      context.engine.build(engine, {
        ...{ files, dockerfile: basename(dockerfile), tag: name.full, labels, limits, signal },
        network: buildNetwork(network, pid),
        args: proxiesIn(context.env),
        ids: isMapped ? idRanges(root, owner ?? root) : undefined,
        output: (text) => {
          unfinished.take(text);
          return log.write(Buffer.from(text));
        },
      }),
    );
  } catch (error) {
    await unfinished.remove(engine);
    if (!(error instanceof EngineRefusal)) throw error;
    if (!noBase.test(error.message)) throw new StepFault(`Docker build failed: ${error.message}`);
    throw new VoltError('image_unavailable', `an image in the Dockerfile is not to be had: ${error.message}`, {
      remedy: 'Check its name, and that the runner reaches the registry.',
    });
  } finally {
    await log.line('##[endgroup]');
  }
  const image = await imageOf(engine, name);
  if (!image) throw engineFailed('the container engine does not have the image that it has built');
  return image;
}

/**
 * Engines read a Dockerfile with their own rights: `FROM`, `ADD`, caches and networks of it reach files, names of images and
 * addresses that the job does not.
 * @throws VoltError `unsupported`
 */
function checkBuildRight(right: Right): void {
  if (right === 'allowed') return;
  const what =
    right === 'untrusted'
      ? 'a Dockerfile is built on trusted refs of the repository only'
      : 'the engine builds a Dockerfile with its own rights on the machine of the runner, whose owner has not allowed it';
  throw new VoltError('unsupported', what, {
    remedy: `Publish the image and use it as docker://NAME${right === 'untrusted' ? '.' : ', or let the owner start the runner with --allow-privileged REPOSITORY.'}`,
  });
}

/** Pulls as for a container: what a registry does is not the commit's fault. */
async function getBaseImages(
  job: WorkflowState,
  engine: Engine,
  dockerfile: string,
  signal: AbortSignal,
): Promise<void> {
  const text = textOf(job, dockerfile);
  for (const name of baseImages(text)) await jobImage(job, engine, { name, login: undefined, title: '', signal });
}

/** @returns an empty text where there is no such file, which the engine reports */
function textOf({ folders }: WorkflowState, dockerfile: string): string {
  try {
    return readInside(folders.root, dockerfile, largestDockerfile);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/** Commands of a Dockerfile reach what the job does. */
function buildNetwork(network: GroupNetwork, pid: number | undefined): BuildNetwork {
  if (network === 'machine') return 'machine';
  if (network === 'loopback') return { pid: pid as number };
  return { pid: network.pid, resolver: line.ipv4.resolver };
}

/** Packs a folder with the rights of the job, so that nothing gets into an image which the job cannot read. */
async function withArchive(
  job: WorkflowState,
  folder: string,
  signal: AbortSignal,
  use: (files: Readable) => Promise<void>,
): Promise<void> {
  const { folders, context } = job;
  const archive = join(folders.temp, `${randomUUID()}.tar`);
  try {
    await runStepCommand(inProcessGroup(context.processes), {
      argv: ['tar', '--create', `--file=${archive}`, `--directory=${folder}`, '.'],
      ...{ cwd: folders.workspace, env: context.env, signal },
      output: (chunk) => job.log.write(chunk),
    });
    const files = createReadStream('', { fd: openInside(folders.root, archive) });
    try {
      await use(files);
    } finally {
      files.destroy();
    }
  } finally {
    removeInside(folders.root, archive);
  }
}
