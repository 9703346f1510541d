import type { Config } from '../kernel/config.ts';
import { EngineRefusal } from './connection.ts';
import type { Engine } from './engine.ts';
import { findEngine } from './find-engine.ts';
import { imageOf, imagesInUse, removeName } from './images.ts';
import { type PulledImage, PulledImages } from './pulled-images.ts';

/** Milliseconds for which an image is kept after a job has asked for it: its container may not be made yet. */
const shortest = 600_000;

/** An image that was removed, or would be in a dry run. */
export interface RemovedImage {
  name: string;
  bytes: number;
}

/**
 * Removes images that Volt has pulled and no container uses, the least recently used first, until the rest fits into
 * VOLT_IMAGE_LIMIT. The engine is only asked if there are too many.
 * @param now milliseconds since 1970
 * @throws VoltError `engine_failed`, EngineRefusal
 */
export async function pruneImages(
  config: Pick<Config, 'engine' | 'dataDir' | 'imageLimit'>,
  dryRun: boolean,
  now: number,
): Promise<RemovedImage[]> {
  const pulled = new PulledImages(config.dataDir);
  const limit = config.imageLimit * 1_073_741_824;
  const left = new Set(pulled.list());
  if (limit === 0 || bytesOf(left) <= limit) return [];
  const engine = await findEngine(config);
  const used = await imagesInUse(engine);
  const removed: RemovedImage[] = [];
  for (const image of [...left]) {
    if (bytesOf(left) <= limit) break;
    if (used.has(image.id) || now - image.usedAt < shortest) continue;
    const isOurs = await isStillOurs(engine, image);
    if (isOurs && !dryRun && !(await remove(engine, image))) continue;
    left.delete(image);
    if (!dryRun) pulled.forget(image);
    if (isOurs) removed.push({ name: image.name, bytes: image.bytes });
  }
  return removed;
}

/** What several images share counts for each of them; an image with several names counts once. */
function bytesOf(images: ReadonlySet<PulledImage>): number {
  const sizes = new Map([...images].map(({ id, bytes }) => [id, bytes]));
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** Whether an image is there under the name that Volt has pulled, or under none since a later pull has taken it. */
async function isStillOurs(engine: Engine, { id, name }: PulledImage): Promise<boolean> {
  if ((await imageOf(engine, name))?.id === id) return true;
  return (await imageOf(engine, id))?.names.length === 0;
}

/** @returns false where a container has begun to use it */
async function remove(engine: Engine, { id, name }: PulledImage): Promise<boolean> {
  try {
    const isNamed = (await imageOf(engine, name))?.id === id;
    await removeName(engine, isNamed ? name : id);
    return true;
  } catch (error) {
    if (error instanceof EngineRefusal) return false;
    throw error;
  }
}
