import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { dataPaths } from '../kernel/data-paths.ts';
import { parseJson } from '../system/parse-json.ts';
import { readText } from '../system/read-text.ts';
import { writeWhole } from '../system/write-whole.ts';
import { type ImageName, imageName } from './image-name.ts';

const schema = z.object({
  id: z.string(),
  name: z.string(),
  bytes: z.number(),
  /** `name@sha256:…` under which its registry has it, where the engine does not know that */
  digest: z.string().optional(),
});

/** An image that Volt has pulled. */
export type PulledImage = z.infer<typeof schema>;

/**
 * Remembers which images of the engine Volt has pulled, and when a job has used each last: a file for each name of an image,
 * whose time is that of the last use. All processes with the same data directory share them.
 */
export class PulledImages {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataPaths(dataDir).engine, 'images');
  }

  /** Notes an image that was not there before the pull. @param image `name` is the one by which it can be removed */
  add(image: PulledImage): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeWhole(this.#fileOf(image), JSON.stringify(image));
  }

  /** Notes that a job uses an image now; one that Volt has not pulled stays unknown. */
  use(image: Pick<PulledImage, 'id' | 'name'>): void {
    const file = this.#fileOf(image);
    const now = new Date();
    if (existsSync(file)) utimesSync(file, now, now);
  }

  /** What its registry calls an image that Volt has given to the engine. */
  digestOf({ id, name }: Pick<PulledImage, 'id' | 'name'>): string | undefined {
    return parsed(readText(this.#fileOf({ id, name })))?.digest;
  }

  /** Whether Volt has pulled the image, under whatever name. */
  has(id: string): boolean {
    return this.list().some((image) => image.id === id);
  }

  /** Whether Volt has pulled the image from the repository of a name. */
  hasOf(id: string, { repository }: ImageName): boolean {
    return this.list().some((image) => image.id === id && imageName(image.name).repository === repository);
  }

  /** All of them, the least recently used first. `usedAt` is in milliseconds since 1970. */
  list(): (PulledImage & { usedAt: number })[] {
    const names = existsSync(this.#folder) ? readdirSync(this.#folder) : [];
    return names
      .filter((name) => /^[0-9a-f]+$/.test(name))
      .flatMap((name) => {
        const file = join(this.#folder, name);
        const image = parsed(readText(file));
        const usedAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
        return image && usedAt !== undefined ? [{ ...image, usedAt }] : [];
      })
      .sort((a, b) => a.usedAt - b.usedAt);
  }

  forget(image: PulledImage): void {
    rmSync(this.#fileOf(image), { force: true });
  }

  #fileOf({ id, name }: Pick<PulledImage, 'id' | 'name'>): string {
    return join(
      this.#folder,
      createHash('sha256')
        .update(JSON.stringify([id, name]))
        .digest('hex'),
    );
  }
}

function parsed(text: string | undefined): PulledImage | undefined {
  return schema.safeParse(parseJson(text ?? '')).data;
}
