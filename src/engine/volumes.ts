import { EngineRefusal } from './connection.ts';
import { labelFilter, unlessGone } from './containers.ts';
import type { Engine } from './engine.ts';

/** Makes an empty volume, unless it is there. @throws EngineRefusal, VoltError `engine_failed` */
export async function makeVolume(
  { connection }: Engine,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  try {
    await connection.docker('/volumes/create', { body: { Name: name, Labels: labels } });
  } catch (error) {
    // of two containers that have it, one is the first to make it; podman takes that for an error at the same moment
    if (!(error instanceof EngineRefusal && error.message.includes('volume already exists'))) throw error;
  }
}

/** Names of the volumes with all of the labels. */
export async function volumesWith({ connection }: Engine, labels: Readonly<Record<string, string>>): Promise<string[]> {
  const { Volumes: found } = await connection.docker<{ Volumes: { Name: string }[] | null }>('/volumes', {
    query: { filters: labelFilter(labels) },
  });
  return (found ?? []).map(({ Name: name }) => name);
}

/** Removes a volume that no container uses any more. One that is gone is no error. */
export async function removeVolume({ connection }: Engine, name: string): Promise<void> {
  await unlessGone(connection.docker(`/volumes/${name}`, { method: 'DELETE' }));
}
