import { createHash } from 'node:crypto';
import { read } from 'node:fs';
import { promisify } from 'node:util';
import { type TarEntry, tarEnd, tarEntries, tarHeader, tarPadding } from './tar-entries.ts';

/** Bytes of each description in an archive. */
const largestText = 4 * 1_048_576;
/** As many as Docker takes. */
const mostLayers = 127;
/** Bytes that are read at once. */
const step = 1_048_576;

const readFrom = promisify(read);

/** An image in an archive as `docker save` writes it, which somebody may have forged. */
export interface ImageArchive {
  /** of the file */
  descriptor: number;
  /** the only name that the image gets */
  name: string;
  /** replace those of its maker with `volt.` in front; undefined for what a registry has, which stays as it is */
  labels: Readonly<Record<string, string>> | undefined;
  /** bytes of all layers; undefined for no limit */
  limit: number | undefined;
}

/**
 * The archive with exactly one image, under a name and labels of Volt's choice. Every layer is what the image says that it is: an
 * engine that has a layer of that digest, perhaps of a private image, would take its own. What makes an image of the layers comes
 * last, so an engine takes nothing of an archive that turns out to be false.
 * @throws Error which says what is wrong
 */
export async function* checkedArchive({ descriptor, name, labels, limit }: ImageArchive): AsyncGenerator<Buffer> {
  const entries = tarEntries(descriptor);
  const entryOf = (named: unknown): TarEntry => {
    const entry = typeof named === 'string' ? entries.get(named) : undefined;
    if (!entry) throw new Error('its archive lacks a part of the image');
    return entry;
  };
  const textOf = (named: unknown): Promise<string> => readText(descriptor, entryOf(named));
  const { Config: configName, Layers: layerNames } = onlyImage(JSON.parse(await textOf('manifest.json')));
  const configText = await textOf(configName);
  const config = configOf(JSON.parse(configText));
  const layers = layersOf(layerNames, config, entryOf);
  const size = layers.reduce((sum, { entry }) => sum + entry.size, 0);
  if (limit !== undefined && size > limit)
    throw new Error(`it has more than ${Math.floor(limit / 1_048_576)} MB, which VOLT_JOB_DISK allows`);
  const sent = new Set<string>();
  for (const { entry, digest } of layers) {
    if (sent.has(digest)) continue;
    sent.add(digest);
    yield tarHeader(layerFile(digest), entry.size);
    const hash = createHash('sha256');
    for await (const chunk of chunksOf(descriptor, entry)) {
      hash.update(chunk);
      yield chunk;
    }
    if (hash.digest('hex') !== digest) throw new Error('a layer is not what the image says that it is');
    yield tarPadding(entry.size);
  }
  const text = Buffer.from(labels ? JSON.stringify(withLabels(config, labels)) : configText);
  const file = `${createHash('sha256').update(text).digest('hex')}.json`;
  const files = layers.map(({ digest }) => layerFile(digest));
  yield* whole(file, text);
  yield* whole('manifest.json', Buffer.from(JSON.stringify([{ Config: file, RepoTags: [name], Layers: files }])));
  yield tarEnd;
}

type Config = Record<string, unknown>;

function onlyImage(manifest: unknown): { Config?: unknown; Layers?: unknown } {
  const [image, ...others] = Array.isArray(manifest) ? manifest : [];
  if (!isObject(image) || others.length > 0) throw new Error('its archive does not have exactly one image');
  return image;
}

function configOf(config: unknown): Config {
  if (!isObject(config)) throw new Error('its archive does not describe the image');
  return config;
}

/** @throws Error where the layers are not those of the description */
function layersOf(
  names: unknown,
  { rootfs }: Config,
  entryOf: (name: unknown) => TarEntry,
): { entry: TarEntry; digest: string }[] {
  const digests: unknown[] = isObject(rootfs) && Array.isArray(rootfs.diff_ids) ? rootfs.diff_ids : [];
  if (!Array.isArray(names) || names.length !== digests.length || names.length > mostLayers)
    throw new Error(`its archive does not have the layers that it names, or more than ${mostLayers}`);
  return names.map((name, index) => {
    const digest = /^sha256:([0-9a-f]{64})$/.exec(String(digests[index]))?.[1];
    if (digest === undefined) throw new Error('its archive names a layer in an unknown way');
    return { entry: entryOf(name), digest };
  });
}

function withLabels(image: Config, labels: Readonly<Record<string, string>>): Config {
  const config = isObject(image.config) ? image.config : {};
  const own = isObject(config.Labels) ? Object.entries(config.Labels) : [];
  const kept = own.filter(([key, value]) => typeof value === 'string' && !key.startsWith('volt.'));
  return { ...image, config: { ...config, Labels: { ...Object.fromEntries(kept), ...labels } } };
}

function layerFile(digest: string): string {
  return `${digest}.tar`;
}

function* whole(name: string, content: Buffer): Generator<Buffer> {
  yield tarHeader(name, content.length);
  yield content;
  yield tarPadding(content.length);
}

async function readText(descriptor: number, entry: TarEntry): Promise<string> {
  if (entry.size > largestText) throw new Error('its archive has a description that is too long');
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(descriptor, entry)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** @throws Error where the file has become shorter */
async function* chunksOf(descriptor: number, { at, size }: TarEntry): AsyncGenerator<Buffer> {
  for (let done = 0; done < size; ) {
    const chunk = Buffer.alloc(Math.min(step, size - done));
    const { bytesRead } = await readFrom(descriptor, chunk, 0, chunk.length, at + done);
    if (bytesRead === 0) throw new Error('its archive is cut off');
    yield chunk.subarray(0, bytesRead);
    done += bytesRead;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
