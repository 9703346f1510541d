import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataPaths } from '../kernel/data-paths.ts';
import { readText } from '../system/read-text.ts';
import { writeWhole } from '../system/write-whole.ts';
import type { Engine } from './engine.ts';
import { type ImageName, imageName } from './image-name.ts';
import { type Image, removeName, tagImage } from './images.ts';
import type { PulledImages } from './pulled-images.ts';

/** Names by which the engine keeps images that not every job may have; nobody can guess the tag. */
const hiddenRepository = 'localhost/volt-private';

/** A pull with credentials, whose image counts as private meanwhile. */
export interface PrivatePull {
  /** To be called when it has succeeded: the image stays private. */
  confirm(): void;
  /** To be called when the registry has refused it: whatever credentials a job gives, they make no image private. */
  takeBack(): void;
}

/** Images that were pulled with credentials: only their registry knows who may have them. */
export class PrivateImages {
  /** file with their names, without tags */
  readonly #file: string;
  /** has a file with the name of its image for each pull that goes on */
  readonly #pulls: string;
  readonly #pulled: PulledImages;

  constructor(dataDir: string, pulled: PulledImages) {
    const { engine } = dataPaths(dataDir);
    this.#file = join(engine, 'private-images');
    this.#pulls = join(engine, 'private-pulls');
    this.#pulled = pulled;
  }

  has({ repository }: ImageName): boolean {
    // the pulls first: one that succeeds meanwhile is in the file then
    return this.#isPulled(repository) || this.#isNoted(repository);
  }

  /** To be called before the pull. One that nobody ends, because its process was killed, may have succeeded, so it counts for ever. */
  begin({ repository }: ImageName): PrivatePull {
    mkdirSync(this.#pulls, { recursive: true, mode: 0o700 });
    const own = join(this.#pulls, randomUUID());
    writeWhole(own, repository);
    const takeBack = () => rmSync(own, { force: true });
    const confirm = () => {
      if (!this.#isNoted(repository)) appendFileSync(this.#file, `${repository}\n`, { mode: 0o600 });
      takeBack();
    };
    return { confirm, takeBack };
  }

  #isNoted(repository: string): boolean {
    return (readText(this.#file) ?? '').split('\n').includes(repository);
  }

  #isPulled(repository: string): boolean {
    const names = existsSync(this.#pulls) ? readdirSync(this.#pulls) : [];
    return names.some((name) => readText(join(this.#pulls, name)) === repository);
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
