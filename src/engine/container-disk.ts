import { existsSync } from 'node:fs';
import { bytesOnDisk } from '../system/disk-use.ts';
import { containersWith, unlessGone } from './containers.ts';
import type { Engine } from './engine.ts';

/** Milliseconds that a count of files may take. */
const longestCount = 60_000;
/** Milliseconds for the engine, which counts the files of a container itself. */
const enginePatience = 60_000;
/** The pause between two measurements is this many times as long as one takes: the engine stops for a container meanwhile. */
const rest = 10;

/** What of a container is on the disk: folders that this process sees, and whether the engine has to count its own layer. */
interface Written {
  folders: readonly string[];
  isCountedByEngine: boolean;
}

/** Measures what the containers of one job write: each one's own layer, and volumes. */
export class ContainerDisk {
  readonly #engine: Engine;
  readonly #labels: Readonly<Record<string, string>>;
  /** by the id of the container */
  readonly #written = new Map<string, Written>();
  #last = { bytes: 0, dueAt: 0 };

  constructor(engine: Engine, labels: Readonly<Record<string, string>>) {
    this.#engine = engine;
    this.#labels = labels;
  }

  /** @throws EngineRefusal, VoltError `engine_failed` */
  async bytes(): Promise<number> {
    const begun = performance.now();
    if (begun < this.#last.dueAt) return this.#last.bytes;
    const folders = new Set<string>();
    let bytes = 0;
    for (const id of await containersWith(this.#engine, this.#labels)) {
      const written = this.#written.get(id) ?? (await this.#find(id));
      if (!written) continue;
      this.#written.set(id, written);
      for (const folder of written.folders) folders.add(folder);
      if (written.isCountedByEngine) bytes += await this.#countedByEngine(id);
    }
    if (folders.size > 0) bytes += await bytesOnDisk([...folders], longestCount);
    const now = performance.now();
    this.#last = { bytes, dueAt: now + (now - begun) * rest };
    return bytes;
  }

  /** Only root sees the files of all users; an engine in a container has other paths. */
  async #find(id: string): Promise<Written | undefined> {
    const found = await unlessGone(
      this.#engine.connection.docker<{
        GraphDriver?: { Data?: { UpperDir?: string } | null } | null;
        Mounts?: { Type?: string; Source?: string }[] | null;
      }>(`/containers/${id}/json`),
    );
    if (!found) return undefined;
    const layer = found.GraphDriver?.Data?.UpperDir;
    const isSeen = process.getuid?.() === 0 && layer !== undefined && existsSync(layer);
    const volumes = (found.Mounts ?? []).flatMap(({ Type: type, Source: source }) =>
      type === 'volume' && source !== undefined && existsSync(source) ? [source] : [],
    );
    return { folders: isSeen ? [layer, ...volumes] : volumes, isCountedByEngine: !isSeen };
  }

  async #countedByEngine(id: string): Promise<number> {
    const options = { query: { size: 'true' }, patience: enginePatience };
    const found = await unlessGone(
      this.#engine.connection.docker<{ SizeRw?: number }>(`/containers/${id}/json`, options),
    );
    return found?.SizeRw ?? 0;
  }
}
