import type { Readable } from 'node:stream';
import { EngineRefusal } from './connection.ts';
import type { IdRange } from './container-plan.ts';
import type { Engine } from './engine.ts';

/** Milliseconds until the engine has read the files and begins to answer. */
const patience = 300_000;
/** Characters of a line of the engine's answer. */
const longestLine = 65_536;

/** What an image is built from. */
export interface ImageBuild {
  /** a tar archive of the folder with the Dockerfile */
  files: Readable;
  /** name of the Dockerfile in the folder */
  dockerfile: string;
  /** name of the image */
  tag: string;
  labels: Readonly<Record<string, string>>;
  /** as for a container; podman's alone */
  ids: { users: readonly IdRange[]; groups: readonly IdRange[] } | undefined;
  limits: { memory?: number | undefined };
  /** gets what the build prints */
  output(text: string): void | Promise<void>;
  signal: AbortSignal;
}

/**
 * Builds an image. What is left of a build that fails or is cancelled is removed.
 * @throws EngineRefusal with what has failed; VoltError `engine_failed`
 */
export async function buildImage({ connection, kind }: Engine, build: ImageBuild): Promise<void> {
  const { files, dockerfile, tag, labels, ids, limits, output, signal } = build;
  const ranges = (all: readonly IdRange[]) =>
    all.map(({ inside, outside, count }) => ({ containerID: inside, hostID: outside, size: count }));
  const mapping = ids && { UIDMap: ranges(ids.users), GIDMap: ranges(ids.groups) };
  const answer = await connection.stream('/build', {
    method: 'POST',
    content: files,
    query: {
      ...{ dockerfile, t: tag, rm: 'true', forcerm: 'true', labels: JSON.stringify(labels) },
      // podman keeps no image of each instruction, which nobody would remove after a build that fails
      ...(kind === 'podman' && { layers: 'false' }),
      ...(limits.memory !== undefined && { memory: String(limits.memory), memswap: String(limits.memory) }),
      ...(kind === 'podman' &&
        mapping && {
          nsoptions: JSON.stringify([{ Name: 'user', Host: false }]),
          idmappingoptions: JSON.stringify({ HostUIDMapping: false, HostGIDMapping: false, ...mapping }),
        }),
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
