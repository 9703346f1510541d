import { hasPath, readFile } from './container-files.ts';
import { createContainer, removeContainer } from './containers.ts';
import type { Engine } from './engine.ts';

/** What is in an image. */
export interface ImageFacts {
  /** content of /etc/passwd and /etc/group; empty where they are missing */
  passwd: string;
  group: string;
  /** those of the asked paths that it lacks */
  lacking: string[];
}

/** Looks into images, once into each. */
export class ImageLooks {
  readonly #known = new Map<string, Promise<ImageFacts>>();

  /**
   * @param image its id
   * @param labels of the container by which it is looked into, and which is never started
   * @param paths to look for
   * @throws EngineRefusal, VoltError `engine_failed`
   */
  async into(
    engine: Engine,
    image: string,
    labels: Readonly<Record<string, string>>,
    paths: readonly string[],
  ): Promise<ImageFacts> {
    const key = JSON.stringify([image, paths]);
    const known = this.#known.get(key) ?? look(engine, image, labels, paths);
    this.#known.set(key, known);
    known.catch(() => this.#known.delete(key));
    return known;
  }
}

async function look(
  engine: Engine,
  image: string,
  labels: Readonly<Record<string, string>>,
  paths: readonly string[],
): Promise<ImageFacts> {
  const id = await createContainer(engine, { image, labels, program: { argv: [], env: {} }, mounts: [], limits: {} });
  try {
    const [passwd = '', group = ''] = await Promise.all([
      readFile(engine, id, '/etc/passwd'),
      readFile(engine, id, '/etc/group'),
    ]);
    const lacking: string[] = [];
    for (const path of paths) if (!(await hasPath(engine, id, path))) lacking.push(path);
    return { passwd, group, lacking };
  } finally {
    await removeContainer(engine, id);
  }
}
