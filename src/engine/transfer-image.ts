import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorText } from '../kernel/errors.ts';
import { EngineRefusal, engineFailed } from './connection.ts';
import type { Engine } from './engine.ts';
import { checkedArchive, type ImageArchive } from './image-archive.ts';

/** Milliseconds until the engine has read an image, or begins to write one. */
const patience = 300_000;
/** Bytes of the engine's answer. */
const longestAnswer = 1_048_576;

/**
 * Writes an image as an archive without a name, as `docker save` does.
 * @param id of the image: others may give its name to another one at any moment
 * @throws EngineRefusal; VoltError `engine_failed`; the reason of the signal; errors of the writing
 */
export async function saveImage({ connection }: Engine, id: string, to: Writable, signal: AbortSignal): Promise<void> {
  const answer = await connection.stream('/images/get', { query: { names: id }, patience, signal });
  let broken: Error | undefined;
  answer.once('error', (error) => {
    broken = error;
  });
  try {
    await pipeline(answer, to, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error !== broken) throw error;
    throw engineFailed(`the container engine broke off giving the image ${id}: ${errorText(error)}`, error);
  }
}

/**
 * Loads an image that a job has built, see `checkedArchive`.
 * @throws BadImage where it is not what an image must be; EngineRefusal; VoltError `engine_failed`; the reason of the signal
 */
export async function loadImage({ connection }: Engine, image: ImageArchive, signal: AbortSignal): Promise<void> {
  let bad: BadImage | undefined;
  const watched = async function* () {
    try {
      yield* checkedArchive(image);
    } catch (error) {
      bad = new BadImage(`the image cannot be used: ${errorText(error)}`);
      throw bad;
    }
  };
  let text = '';
  try {
    const content = Readable.from(watched(), { objectMode: false });
    const answer = await connection.stream('/images/load', { method: 'POST', content, patience, signal });
    for await (const chunk of answer as AsyncIterable<Buffer>) text = `${text}${chunk}`.slice(0, longestAnswer);
  } catch (error) {
    signal.throwIfAborted();
    if (bad || error instanceof EngineRefusal) throw bad ?? error;
    throw engineFailed(`the container engine broke off loading an image: ${errorText(error)}`, error);
  }
  const failure = /^\{"error(?:Detail)?":.*$/m.exec(text)?.[0];
  if (failure !== undefined) throw new EngineRefusal(502, failure.slice(0, 2000));
}

/** An image that a job has built is not what an image must be. */
export class BadImage extends Error {}
