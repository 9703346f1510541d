import { mkdir, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { errorText, systemCode } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { diskOf, shortfall } from '../system/disk.ts';
import { every, type Repeating } from '../system/wait.ts';

/** The disk is looked at this often (ms): while jobs run, as they may fill it within moments; and while none does. */
const busyInterval = 500;
const idleInterval = 5000;
/** What is wrong is looked at again after this long (ms), and after twice as long each time, up to a bound. */
const firstRetry = 1000;
const longestRetry = 30_000;

/** What keeps a runner from working. */
export interface DiskProblem {
  /** for people */
  message: string;
  /** where space is short, how many bytes would have to be freed, and the device that they are on where it is known */
  short: { bytes: number; device: number | undefined } | undefined;
}

export interface WatchSettings {
  /** of the runner, which no other has that works in the same folders */
  name: string;
  /** folders that the runner itself writes to; they are made */
  writes: readonly string[];
  /** further folders that jobs write to; one that is not there does not matter */
  uses: readonly string[];
  logger: Logger;
  /** whether jobs run */
  busy(): boolean;
  /** what can be done without where space is short, in the order in which it goes, until enough is free: each removes its own */
  free: readonly ((short: NonNullable<DiskProblem['short']>) => Promise<void>)[];
  /** there is a problem now, or another one, or none any more */
  changed(): void;
}

/**
 * Whether the places that a runner works in can take what it writes. States:
 * `fit`: looked at now and then; → (space below the floor, or a file cannot be written) `unfit`: looked at again with a
 * growing pause; → (all is well) `fit`.
 */
export class DiskWatch {
  readonly #config: Pick<Config, 'diskFloor'>;
  readonly #settings: WatchSettings;
  #problem: DiskProblem | undefined;
  #lastProblem: { problem: DiskProblem; seenAt: number } | undefined;
  #retry = firstRetry;
  #nextLook = 0;
  #nextProbe = 0;
  #checking: Promise<DiskProblem | undefined> | undefined;
  #looking: Repeating | undefined;

  constructor(config: Pick<Config, 'diskFloor'>, settings: WatchSettings) {
    this.#config = config;
    this.#settings = settings;
  }

  /** What keeps the runner from working; undefined while nothing does. */
  get problem(): DiskProblem | undefined {
    return this.#problem;
  }

  /** Looks once, and from then on again and again. */
  async start(): Promise<void> {
    await this.check();
    this.#looking = every(
      busyInterval,
      () => this.#lookWhenDue(),
      (error) => this.#settings.logger.error(`disk: ${errorText(error)}`),
    );
  }

  async stop(): Promise<void> {
    await this.#looking?.stop();
  }

  /** Looks now, and tries whether files can be written; one such look at a time serves all who ask. */
  check(): Promise<DiskProblem | undefined> {
    this.#checking ??= this.#checkOnce().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  /** The latest problem that was there since, by `performance.now()`. */
  problemSince(earlier: number): DiskProblem | undefined {
    const last = this.#lastProblem;
    return this.#problem ?? (last && last.seenAt >= earlier ? last.problem : undefined);
  }

  async #checkOnce(): Promise<DiskProblem | undefined> {
    this.#nextProbe = performance.now() + idleInterval;
    const look = async () => (await this.#probe()) ?? (await this.#measure());
    let found = await look();
    for (const free of this.#settings.free) {
      if (!found?.short) break;
      await free(found.short);
      found = await look();
    }
    this.#note(found);
    return this.#problem;
  }

  async #lookWhenDue(): Promise<void> {
    const now = performance.now();
    const due = this.#problem !== undefined || !this.#settings.busy() ? this.#nextLook : 0;
    if (now < due) return;
    if (this.#problem !== undefined || now >= this.#nextProbe) await this.check();
    else this.#note(await this.#measure());
  }

  #note(found: DiskProblem | undefined): void {
    const { logger, changed } = this.#settings;
    const before = this.#problem;
    this.#problem = found;
    if (found) this.#lastProblem = { problem: found, seenAt: performance.now() };
    this.#nextLook = performance.now() + (found ? this.#retry : idleInterval);
    this.#retry = found ? Math.min(this.#retry * 2, longestRetry) : firstRetry;
    if (found && !before) logger.error(`takes no jobs: ${found.message}`);
    if (!found && before) logger.info('takes jobs again');
    if (found?.message !== before?.message) changed();
  }

  /** Writes and removes a small file in each folder. */
  async #probe(): Promise<DiskProblem | undefined> {
    const { writes, name } = this.#settings;
    for (const folder of writes) {
      const file = join(folder, `.probe-${name}`);
      try {
        await mkdir(folder, { recursive: true });
        await writeFile(file, 'Volt sees whether it can write here.\n');
        await unlink(file);
      } catch (error) {
        await rm(file, { force: true }).catch(() => undefined);
        if (systemCode(error) === 'ENOSPC' || systemCode(error) === 'EDQUOT') {
          return (await this.#measure()) ?? { message: `disk full: ${errorText(error)}`, short: undefined };
        }
        return { message: `cannot write to ${folder}: ${errorText(error)}`, short: undefined };
      }
    }
    return undefined;
  }

  async #measure(): Promise<DiskProblem | undefined> {
    const { writes, uses } = this.#settings;
    for (const folder of [...writes, ...uses]) {
      const disk = await diskOf(folder);
      const bytes = disk ? shortfall(disk, this.#config) : 0;
      if (!disk || bytes === 0) continue;
      const message = `disk full: ${megabytes(disk.free)} MB free in ${folder}, ${megabytes(disk.free + bytes)} MB needed`;
      const device = await stat(folder).then(
        ({ dev }) => dev,
        () => undefined,
      );
      return { message, short: { bytes, device } };
    }
    return undefined;
  }
}

function megabytes(bytes: number): string {
  const value = bytes / 1_048_576;
  return value >= 10 ? value.toFixed(0) : value.toFixed(1);
}
