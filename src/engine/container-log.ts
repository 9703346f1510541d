import type { Engine } from './engine.ts';
import { readFrames } from './frames.ts';

/**
 * Reads the end of what a container has printed.
 * @param lines the most that are read
 * @param output see `readFrames`
 * @param signal ends the reading
 * @throws EngineRefusal; VoltError `engine_failed`
 */
export async function readContainerLog(
  { connection }: Engine,
  id: string,
  lines: number,
  output: (chunk: Buffer) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const query = { stdout: 'true', stderr: 'true', tail: String(lines) };
  const content = await connection.stream(`/containers/${id}/logs`, { query, signal });
  await readFrames(content as AsyncIterable<Buffer>, output);
}
