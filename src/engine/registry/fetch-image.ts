import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Duplex, PassThrough, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { errorText } from '../../kernel/errors.ts';
import { sizeText } from '../../kernel/sizes.ts';
import type { Engine } from '../engine.ts';
import { type ImageName, imageName } from '../image-name.ts';
import type { Image, RegistryLogin } from '../images.ts';
import { tarEnd, tarHeader, tarPadding } from '../tar-entries.ts';
import { loadImage } from '../transfer-image.ts';
import { BadAnswer, NoAnswer, type Reach } from './checked-request.ts';
import type { ManifestPart } from './manifest.ts';
import { RegistryRepository } from './registry.ts';

export interface ImageFetch {
  login: RegistryLogin | undefined;
  /** decides which servers are asked */
  reach: Reach;
  /** what the engine has under the name */
  former: Image | undefined;
  /** where the image is on its way to the engine */
  folder: string;
  /** bytes of its layers, not packed; undefined for no limit */
  limit: number | undefined;
  say(text: string): void;
  signal: AbortSignal;
}

/** Names of images that were fetched by their digest, which no engine takes from an archive. */
const byDigest = 'localhost/volt-digest';

/** Bytes of a layer, not packed: what the header of an archive can say. */
const largestLayer = 8 * 1024 ** 3 - 1;
/** Milliseconds between two sentences about how much has come. */
const interval = 5000;

/** The name under which the engine has an image that was fetched. */
export function fetchedName(image: ImageName): ImageName {
  return image.version.startsWith('sha256:') ? imageName(`${byDigest}:${image.version.slice(7)}`) : image;
}

/**
 * Fetches an image without the engine, which would follow its registry to any address that the machine reaches: by redirects, by
 * the address of its tokens, by parts of an image at other addresses, or by a name that means another address when it asks. Then
 * gives the image to the engine, as `fetchedName`.
 * @returns the digest of the image at its registry
 * @throws BadAnswer; BadImage; NoAnswer; EngineRefusal; VoltError `engine_failed`, or what `reach` throws; the reason of the signal
 */
export async function fetchImage(engine: Engine, image: ImageName, fetch: ImageFetch): Promise<string> {
  const repository = new RegistryRepository(image, fetch);
  try {
    const { manifest, digest } = await repository.image(image.version);
    // another registry could name the image of somebody else
    if (fetch.former?.id === manifest.config.digest) return digest;
    const file = await openUnnamed(fetch.folder);
    try {
      const archive = new Archive(file, fetch);
      const layers: string[] = [];
      for (const layer of manifest.layers) layers.push(await archive.addLayer(layer, repository));
      const config = await repository.text(manifest.config.digest);
      await archive.end({ config, layers });
      const { signal, limit } = fetch;
      await loadImage(engine, { descriptor: file.fd, name: fetchedName(image).full, labels: undefined, limit }, signal);
    } finally {
      await file.close();
    }
    return digest;
  } finally {
    repository.close();
  }
}

/** An archive of one image, as `docker save` writes it. */
class Archive {
  readonly #file: FileHandle;
  readonly #limit: number | undefined;
  readonly #say: (text: string) => void;
  readonly #signal: AbortSignal;
  readonly #layers = new Map<string, string>();
  #saidAt = performance.now();
  /** bytes that the registry has sent */
  #received = 0;
  #end = 0;

  constructor(file: FileHandle, { limit, say, signal }: Pick<ImageFetch, 'limit' | 'say' | 'signal'>) {
    this.#file = file;
    this.#limit = limit;
    this.#say = say;
    this.#signal = signal;
  }

  /** Fetches a layer, unless it is there. @returns its name in the archive */
  async addLayer(layer: ManifestPart, repository: RegistryRepository): Promise<string> {
    const known = this.#layers.get(layer.digest);
    if (known !== undefined) return known;
    const name = `${this.#layers.size}.tar`;
    const begin = this.#end;
    await this.#append(tarHeader(name, 0));
    const packed = createHash('sha256');
    let received = 0;
    const watch = new Transform({
      transform: (chunk: Buffer, _, done) => {
        packed.update(chunk);
        received += chunk.length;
        this.#received += chunk.length;
        this.#tell();
        done(received > layer.size ? new BadAnswer(`its registry sends more than ${layer.digest} has`) : null, chunk);
      },
    });
    const sink = new Writable({
      write: (chunk: Buffer, _, done) => void this.#take(chunk, begin).then(() => done(), done),
    });
    const content = await repository.blob(layer.digest);
    try {
      await pipeline(content, watch, unpacker(layer.mediaType), sink, { signal: this.#signal });
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof BadAnswer) throw error;
      if (/^Z_|^ZSTD/.test((error as NodeJS.ErrnoException).code ?? ''))
        throw new BadAnswer(`the layer ${layer.digest} is damaged`);
      throw new NoAnswer(`its registry breaks off the layer ${layer.digest}: ${errorText(error)}`, { cause: error });
    }
    if (`sha256:${packed.digest('hex')}` !== layer.digest)
      throw new BadAnswer(`its registry sends something else than ${layer.digest}`);
    const size = this.#end - begin - tarHeader(name, 0).length;
    await this.#write(tarHeader(name, size), begin);
    await this.#append(tarPadding(size));
    this.#layers.set(layer.digest, name);
    return name;
  }

  async end({ config, layers }: { config: string; layers: readonly string[] }): Promise<void> {
    const texts = {
      'config.json': config,
      'manifest.json': JSON.stringify([{ Config: 'config.json', Layers: layers }]),
    };
    for (const [name, text] of Object.entries(texts)) {
      const content = Buffer.from(text);
      await this.#append(Buffer.concat([tarHeader(name, content.length), content, tarPadding(content.length)]));
    }
    await this.#append(tarEnd);
  }

  /** Takes a part of a layer that is not packed any more. @param begin where the layer begins */
  async #take(chunk: Buffer, begin: number): Promise<void> {
    await this.#append(chunk);
    if (this.#limit !== undefined && this.#end > this.#limit)
      throw new BadAnswer(`it has more than ${sizeText(this.#limit)}, which VOLT_JOB_DISK allows`);
    if (this.#end - begin > largestLayer) throw new BadAnswer(`a layer of it has more than ${sizeText(largestLayer)}`);
  }

  async #append(content: Buffer): Promise<void> {
    await this.#write(content, this.#end);
    this.#end += content.length;
  }

  async #write(content: Buffer, at: number): Promise<void> {
    for (let done = 0; done < content.length; )
      done += (await this.#file.write(content, done, undefined, at + done)).bytesWritten;
  }

  #tell(): void {
    if (performance.now() - this.#saidAt < interval) return;
    this.#saidAt = performance.now();
    this.#say(sizeText(this.#received));
  }
}

/** A file that is gone with its last user. */
async function openUnnamed(folder: string): Promise<FileHandle> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `fetched-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  rmSync(path);
  return file;
}

/** @throws BadAnswer */
function unpacker(mediaType: string): Duplex {
  if (/gzip$/.test(mediaType)) return zlib.createGunzip();
  if (!/zstd$/.test(mediaType)) return new PassThrough();
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Duplex };
  if (createZstdDecompress) return createZstdDecompress();
  throw new BadAnswer('its layers are packed by zstd, which Volt unpacks only with Node 22.15 or later');
}
