import { containersWith, removeContainer } from './containers.ts';
import type { Engine } from './engine.ts';
import { imagesWith, removeImage } from './images.ts';
import { networksWith, removeNetwork } from './networks.ts';
import { podsWith, removePod } from './pods.ts';
import { removeVolume, volumesWith } from './volumes.ts';

/**
 * Removes all containers, pods, networks, volumes and built images with the labels.
 * @throws EngineRefusal, VoltError `engine_failed` where something is left
 */
export async function removeLabelled(engine: Engine, labels: Readonly<Record<string, string>>): Promise<void> {
  await Promise.all((await containersWith(engine, labels)).map((id) => removeContainer(engine, id)));
  for (const name of await podsWith(engine, labels)) await removePod(engine, name);
  // what is in use cannot be removed
  for (const name of await networksWith(engine, labels)) await removeNetwork(engine, name);
  for (const name of await volumesWith(engine, labels)) await removeVolume(engine, name);
  for (const id of await imagesWith(engine, labels)) await removeImage(engine, id);
}
