import type { Readable } from 'node:stream';
import { settled, within } from '../system/wait.ts';
import type { BuildGroup } from './build-group.ts';
import { EngineRefusal } from './connection.ts';
import type { Engine } from './engine.ts';

/** Milliseconds until the engine has read the files and begins to answer. */
const patience = 300_000;
/** Milliseconds for the engine to notice that the commands of a build were ended. */
const endPatience = 10_000;
/** Characters of a line of the engine's answer. */
const longestLine = 65_536;

/** Network of the machine, in podman's words. */
const podmanNetwork = { nsoptions: JSON.stringify([{ Name: 'network', Host: true }]) };

export type BuildingEngine = Pick<Engine, 'connection' | 'kind'>;

/** What an image is built from. */
export interface ImageBuild {
  /** a tar archive of the folder with the Dockerfile */
  files: Readable;
  /** name of the Dockerfile in the folder */
  dockerfile: string;
  /** name of the image */
  tag: string;
  labels: Readonly<Record<string, string>>;
  /** values of `ARG`, such as proxies */
  args: Readonly<Record<string, string>>;
  limits: { memory?: number | undefined };
  /** gets what the build prints */
  output(text: string): void | Promise<void>;
  signal: AbortSignal;
}

/**
 * Builds an image with the engine's rights on the machine, and in the machine's network. What is left of a build that fails or is cancelled is removed.
 * @param group of its commands, with which they are ended; the end of the request ends them without one
 * @throws EngineRefusal with what has failed; VoltError `engine_failed`; the reason of the signal
 */
export async function buildImage(
  engine: BuildingEngine,
  build: ImageBuild,
  group: BuildGroup | undefined,
): Promise<void> {
  const { signal } = build;
  if (!group) return request(engine, build, undefined, signal);
  const cut = new AbortController();
  const building = request(engine, build, group, cut.signal);
  await settled(building, signal);
  if (signal.aborted) {
    await within(group.end(), endPatience);
    // the engine says that a command has failed, and is done with the build then
    await settled(building, AbortSignal.timeout(endPatience));
    cut.abort(signal.reason);
  }
  try {
    await building;
    group.remove();
  } catch (error) {
    if (error instanceof EngineRefusal) group.remove();
    // the engine may go on: the group stays, so that it can start nothing
    else await within(group.end(), endPatience);
    signal.throwIfAborted();
    throw error;
  }
}

async function request(
  { connection, kind }: BuildingEngine,
  { files, dockerfile, tag, labels, args, limits, output }: ImageBuild,
  group: BuildGroup | undefined,
  signal: AbortSignal,
): Promise<void> {
  const answer = await connection.stream('/build', {
    method: 'POST',
    content: files,
    query: {
      ...{ dockerfile, t: tag, rm: 'true', forcerm: 'true', labels: JSON.stringify(labels) },
      buildargs: JSON.stringify(args),
      // podman keeps no image of each instruction, which nobody would remove after a build that fails; and no job gets a layer of
      // another job's build, which may have written what it wanted there
      ...(kind === 'podman' ? { layers: 'false' } : { nocache: 'true' }),
      ...(limits.memory !== undefined && { memory: String(limits.memory), memswap: String(limits.memory) }),
      ...(kind === 'podman' ? podmanNetwork : { networkmode: 'host' }),
      ...(group && { cgroupparent: group.path }),
    },
    patience,
    signal,
  });
  let rest = '';
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()?.slice(0, longestLine) ?? '';
    for (const line of lines) await heed(line, output);
  }
  await heed(rest, output);
}

/** @throws EngineRefusal where the line says that the build has failed */
async function heed(line: string, output: ImageBuild['output']): Promise<void> {
  if (line.trim() === '') return;
  let said: { stream?: unknown; error?: unknown };
  try {
    said = JSON.parse(line);
  } catch {
    return;
  }
  if (typeof said.error === 'string') throw new EngineRefusal(502, said.error.trim().slice(0, 2000));
  if (typeof said.stream === 'string') await output(said.stream);
}
