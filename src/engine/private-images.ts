import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dataPaths } from '../kernel/data-paths.ts';
import { readText } from '../system/read-text.ts';
import type { Engine } from './engine.ts';
import { type ImageName, imageName } from './image-name.ts';
import { type Image, removeName, tagImage } from './images.ts';
import type { PulledImages } from './pulled-images.ts';

/** Names by which the engine keeps images that not every job may have; nobody can guess the tag. */
const hiddenRepository = 'localhost/volt-private';

/** Images that were pulled with credentials: only their registry knows who may have them. */
export class PrivateImages {
  /** file with their names, without tags */
  readonly #file: string;
  readonly #pulled: PulledImages;

  constructor(dataDir: string, pulled: PulledImages) {
    this.#file = join(dataPaths(dataDir).engine, 'private-images');
    this.#pulled = pulled;
  }

  has({ repository }: ImageName): boolean {
    return (readText(this.#file) ?? '').split('\n').includes(repository);
  }

  /** To be called before the pull. */
  add(image: ImageName): void {
    if (this.has(image)) return;
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    appendFileSync(this.#file, `${image.repository}\n`, { mode: 0o600 });
  }

  /**
   * Takes its name from an image, so that no Dockerfile of another job can begin with it. The engine keeps its content, which a
   * later pull need not transfer.
   */
  async hide(engine: Engine, { id, bytes }: Image, name: ImageName): Promise<void> {
    const known = this.#pulled.list().find((each) => each.id === id && each.name.startsWith(`${hiddenRepository}:`));
    if (known) this.#pulled.use(known);
    else {
      const hidden = imageName(`${hiddenRepository}:${randomUUID()}`);
      await tagImage(engine, id, hidden);
      this.#pulled.add({ id, name: hidden.full, bytes });
    }
    await removeName(engine, name.full);
  }
}
