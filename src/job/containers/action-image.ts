import { randomUUID } from 'node:crypto';
import { EngineRefusal, engineFailed } from '../../engine/connection.ts';
import type { Engine } from '../../engine/engine.ts';
import { imageName } from '../../engine/image-name.ts';
import { type Image, imageOf } from '../../engine/images.ts';
import { builderRemedy, whyNoBuilder } from '../../exec/image-builder.ts';
import { asVoltError, systemCode, VoltError } from '../../kernel/errors.ts';
import { StepFault } from '../fault.ts';
import { readInside } from '../files/inside.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import { baseImages } from './base-images.ts';
import type { ContainerGround, JobGround } from './container-ground.ts';
import { buildByEngine } from './engine-build.ts';
import { BuildFailed, buildIsolated } from './isolated-build.ts';
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
  ground: ContainerGround,
  dockerfile: string,
  signal: AbortSignal,
): Promise<Image> {
  const { context, log } = job;
  const { engine } = ground;
  if (context.containers.isListed) {
    throw new VoltError('unsupported', 'a Dockerfile can begin with any image, and this runner allows some only', {
      remedy: 'Publish the image and use it by its name, or let the owner of the machine unset VOLT_ALLOW_IMAGES.',
    });
  }
  const { isClosed } = context.sandbox;
  if (isClosed) await checkBuilder();
  const name = imageName(`localhost/volt:${randomUUID()}`);
  await log.line('##[group]Building docker image');
  await log.line(`Dockerfile for action: '${dockerfile}'.`);
  try {
    const bases = await getBaseImages(job, engine, dockerfile, signal);
    const asked = { dockerfile, tag: name.full };
    if (isClosed) await buildIsolated(job, ground, { ...asked, bases }, signal);
    else await buildByEngine(job, ground, asked, signal);
  } catch (error) {
    if (!(error instanceof EngineRefusal || error instanceof BuildFailed)) throw error;
    if (!noBase.test(error.message)) throw new StepFault(`Docker build failed: ${error.message}`);
    throw new VoltError('image_unavailable', `an image in the Dockerfile is not to be had: ${error.message}`, {
      remedy: 'Check its name, and that the job reaches the registry.',
    });
  } finally {
    await log.line('##[endgroup]');
  }
  const image = await imageOf(engine, name);
  if (!image) throw engineFailed('the container engine does not have the image that was built');
  return image;
}

/** @throws VoltError `tool_missing` where isolated jobs of this machine cannot build images */
async function checkBuilder(): Promise<void> {
  const why = await whyNoBuilder();
  if (why === undefined) return;
  throw new VoltError('tool_missing', `an isolated job builds a Dockerfile with buildah, which does not work: ${why}`, {
    remedy: `${builderRemedy} Or publish the image and use it as docker://NAME.`,
  });
}

/**
 * Pulls as for a container: what a registry does is not the commit's fault. What is not to be had that way is left to the builder of
 * an isolated job, which has the logins that the job has made.
 * @returns their ids by their names
 */
async function getBaseImages(
  job: WorkflowState,
  engine: Engine,
  dockerfile: string,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const name of baseImages(textOf(job, dockerfile))) {
    try {
      const { id } = await jobImage(job, engine, { name, login: undefined, title: '', signal });
      ids.set(name, id);
    } catch (error) {
      signal.throwIfAborted();
      if (!job.context.sandbox.isClosed || asVoltError(error).code !== 'image_unavailable') throw error;
      await job.log.line(`${asVoltError(error).message}; the builder tries it with the logins of the job`);
    }
  }
  return ids;
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
