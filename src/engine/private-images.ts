import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { dataPaths } from '../kernel/data-paths.ts';
import { parseJson } from '../system/parse-json.ts';
import { readText } from '../system/read-text.ts';
import { writeWhole } from '../system/write-whole.ts';
import type { Engine } from './engine.ts';
import { type ImageName, imageName } from './image-name.ts';
import { type Image, removeName, tagImage } from './images.ts';
import type { PulledImages } from './pulled-images.ts';

/** Names by which the engine keeps images that not every job may have; nobody can guess the tag. */
const hiddenRepository = 'localhost/volt-private';
/** Milliseconds after which no engine goes on with a pull whose end nobody has seen. */
const longestPull = 86_400_000;

/** A pull with credentials that goes on, or whose end nobody has seen. */
const pullSchema = z.object({
  /** of the image, in full */
  name: z.string(),
  /** id of the image that had the name before */
  former: z.string().optional(),
});

/** A pull with credentials, which may give the engine a private image. */
export interface PrivatePull {
  /** To be called when it has succeeded: the image stays private. */
  confirm(): void;
  /** To be called when the registry has refused it: whatever credentials a job gives, they make no image private. */
  takeBack(): void;
}

/** Images that were pulled with credentials: only their registry knows who may have them. */
export class PrivateImages {
  /** has a file for each name, without a tag */
  readonly #names: string;
  /** has a file for each pull that goes on, or whose end nobody has seen */
  readonly #pulls: string;
  /** file with such names of an older Volt */
  readonly #former: string;
  readonly #pulled: PulledImages;

  constructor(dataDir: string, pulled: PulledImages) {
    const { engine } = dataPaths(dataDir);
    this.#names = join(engine, 'private-names');
    this.#pulls = join(engine, 'private-pulls');
    this.#former = join(engine, 'private-images');
    this.#pulled = pulled;
  }

  /** @param present id of the image that has the name now, if any */
  has(image: ImageName, present: string | undefined): boolean {
    // the pulls first: one that succeeds meanwhile is noted then
    return this.#isPulled(image, present) || this.#isNoted(image);
  }

  /**
   * To be called before the pull. The end of one that is cancelled, or whose process is killed, is unknown: until the registry says
   * more, an image is private that has the name later and had it not before.
   * @param former id of the image that has the name now, if any
   */
  begin(image: ImageName, former: string | undefined): PrivatePull {
    mkdirSync(this.#pulls, { recursive: true, mode: 0o700 });
    const own = join(this.#pulls, randomUUID());
    writeWhole(own, JSON.stringify({ name: image.full, former }));
    const takeBack = () => rmSync(own, { force: true });
    const confirm = () => {
      this.#note(image.repository);
      takeBack();
    };
    return { confirm, takeBack };
  }

  /** To be called when the registry has given an image to somebody without credentials: all jobs may have it. */
  forget({ repository }: ImageName): void {
    this.#takeOver();
    rmSync(this.#fileOf(repository), { force: true });
    for (const { file, repository: pulled } of this.#listPulls())
      if (pulled === repository) rmSync(file, { force: true });
  }

  #note(repository: string): void {
    mkdirSync(this.#names, { recursive: true, mode: 0o700 });
    writeWhole(this.#fileOf(repository), repository);
  }

  #isNoted({ repository }: ImageName): boolean {
    this.#takeOver();
    return existsSync(this.#fileOf(repository));
  }

  #isPulled({ repository, full }: ImageName, present: string | undefined): boolean {
    return this.#listPulls().some((pull) => {
      if (pull.name === undefined) return pull.repository === repository;
      if (pull.name !== full) return false;
      const isNew = present !== undefined && present !== pull.former;
      if (!isNew && pull.age > longestPull) rmSync(pull.file, { force: true });
      return isNew;
    });
  }

  /** `name` is missing where an older Volt has noted the pull. `age` is in milliseconds. */
  #listPulls(): { file: string; repository: string; name?: string; former?: string | undefined; age: number }[] {
    const names = existsSync(this.#pulls) ? readdirSync(this.#pulls) : [];
    return names.flatMap((each) => {
      const file = join(this.#pulls, each);
      const text = readText(file);
      const begun = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
      if (text === undefined || begun === undefined) return [];
      const pull = pullSchema.safeParse(parseJson(text)).data;
      const age = Date.now() - begun;
      if (!pull) return [{ file, repository: text, age }];
      return [{ file, repository: imageName(pull.name).repository, ...pull, age }];
    });
  }

  #takeOver(): void {
    const names = readText(this.#former)?.split('\n') ?? [];
    for (const name of names) if (name !== '') this.#note(name);
    rmSync(this.#former, { force: true });
  }

  #fileOf(repository: string): string {
    return join(this.#names, createHash('sha256').update(repository).digest('hex'));
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
