import type { Engine } from './engine.ts';
import { imageOf, removeName } from './images.ts';

/** How Docker says which image it has made by an instruction of a Dockerfile; a command of the build can say so, too. */
const madeLine = /^ ---> ([0-9a-f]{12})\n$/;

/** The images of single instructions that Docker keeps when a build fails. */
export class UnfinishedBuild {
  readonly #begunAt = Date.now();
  #last: string | undefined;

  /** @param text that the build prints */
  take(text: string): void {
    this.#last = madeLine.exec(text)?.[1] ?? this.#last;
  }

  /** Removes the last of them with those that it was made from, unless somebody else has made it. Never rejects. */
  async remove(engine: Engine): Promise<void> {
    if (engine.kind !== 'docker' || this.#last === undefined) return;
    try {
      const image = await imageOf(engine, this.#last);
      const isOurs = image?.names.length === 0 && image.createdAt >= this.#begunAt;
      if (isOurs) await removeName(engine, image.id);
    } catch {
      // another build may use it
    }
  }
}
