import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { UnfinishedBuild } from '../../engine/unfinished-build.ts';
import { proxiesIn } from '../../system/environment.ts';
import { removeInside } from '../files/hand-over.ts';
import { openInside } from '../files/inside.ts';
import { runStepCommand } from '../steps/command.ts';
import { inProcessGroup } from '../steps/machine-host.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import type { ContainerGround } from './container-ground.ts';

/**
 * Lets the engine build an image for a job without isolation. Engines read a Dockerfile with their own rights: `FROM`, `ADD`, caches
 * and networks of it reach files, names of images and addresses that an isolated job does not.
 * @param tag name of the image
 * @throws EngineRefusal with what has failed; VoltError `engine_failed`
 */
export async function buildByEngine(
  job: WorkflowState,
  { engine, labels }: ContainerGround,
  { dockerfile, tag }: { dockerfile: string; tag: string },
  signal: AbortSignal,
): Promise<void> {
  const { context, log } = job;
  const { limits } = await context.processes;
  const unfinished = new UnfinishedBuild();
  try {
    await withArchive(job, dirname(dockerfile), signal, (files) =>
      context.engine.build(engine, {
        ...{ files, dockerfile: basename(dockerfile), tag, labels, limits, signal },
        args: proxiesIn(context.env),
        output: (text) => {
          unfinished.take(text);
          return log.write(Buffer.from(text));
        },
      }),
    );
  } catch (error) {
    await unfinished.remove(engine);
    throw error;
  }
}

/** Packs a folder in the job's process group, where it can be ended. */
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
