import { text } from 'node:stream/consumers';
import { EngineRefusal } from './connection.ts';
import type { Engine } from './engine.ts';

/** Bytes of a file that is read. */
const largestFile = 1_048_576;
/** Bytes of a header in a tar archive, and where the size of the file is in it, in octal digits. */
const header = 512;
const sizeAt = { from: 124, to: 136 } as const;

/** Whether a container, running or not, has something at a path. */
export async function hasPath({ connection }: Engine, id: string, path: string): Promise<boolean> {
  try {
    (await connection.stream(`/containers/${id}/archive`, { method: 'HEAD', query: { path } })).destroy();
    return true;
  } catch (error) {
    if (error instanceof EngineRefusal && error.status === 404) return false;
    throw error;
  }
}

/** @returns the content of a file in a container; undefined where there is none, or a very large one */
export async function readFile({ connection }: Engine, id: string, path: string): Promise<string | undefined> {
  try {
    const answer = await connection.stream(`/containers/${id}/archive`, { query: { path } });
    answer.setEncoding('latin1');
    const archive = Buffer.from(await text(limited(answer)), 'latin1');
    const size = Number.parseInt(archive.toString('latin1', sizeAt.from, sizeAt.to), 8);
    return Number.isFinite(size) ? archive.toString('utf8', header, header + size) : undefined;
  } catch (error) {
    if (error instanceof EngineRefusal && error.status === 404) return undefined;
    throw error;
  }
}

async function* limited(content: AsyncIterable<string>): AsyncGenerator<string> {
  let size = 0;
  for await (const chunk of content) {
    size += chunk.length;
    if (size > largestFile) return;
    yield chunk;
  }
}
