import { mkdir, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { errorText, systemCode } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { sizeText } from '../kernel/sizes.ts';
import { diskOf, shortfall } from '../system/disk.ts';
import { every, type Repeating } from '../system/wait.ts';

/**
 * Milliseconds between two checks of the disk while jobs run, which may fill it within moments, and while none runs.
 */
const busyInterval = 500;
const idleInterval = 5000;
/** Milliseconds until a problem is checked again. The pause doubles each time, up to a bound. */
const firstRetry = 1000;
const longestRetry = 30_000;

/** What keeps a runner from working. */
export interface DiskProblem {
  /** for people */
  message: string;
  /** how many bytes have to be freed if the disk is full, and on which device, if that is known */
  short: { bytes: number; device: number | undefined } | undefined;
}

export interface WatchSettings {
  /** of the runner; no other runner in the same folders has it */
  name: string;
  /** folders that the runner itself writes to; they are created */
  writes: readonly string[];
  /** further folders that jobs write to; they may be missing */
  uses: readonly string[];
  logger: Logger;
  /** whether jobs run */
  busy(): boolean;
  /** what makes room on a full disk: called in this order until enough is free */
  free: readonly ((short: NonNullable<DiskProblem['short']>) => Promise<void>)[];
  /** called when there is a problem, another one, or none any more */
  changed(): void;
}

/**
 * Checks whether the runner can write to the folders in which it works. States:
 * - `fit`: checked at intervals. → (too little space, or a file cannot be written) `unfit`
 * - `unfit`: no jobs are taken; checked again with a growing pause. → (no problem found) `fit`
 */
export class DiskWatch {
  readonly #config: Pick<Config, 'diskFloor'>;
  readonly #settings: WatchSettings;
  #problem: DiskProblem | undefined;
  #lastProblem: { problem: DiskProblem; seenAt: number } | undefined;
  #retry = firstRetry;
  #nextCheck = 0;
  #nextProbe = 0;
  #checking: Promise<DiskProblem | undefined> | undefined;
  #repeating: Repeating | undefined;

  constructor(config: Pick<Config, 'diskFloor'>, settings: WatchSettings) {
    this.#config = config;
    this.#settings = settings;
  }

  /** What keeps the runner from working; undefined while nothing does. */
  get problem(): DiskProblem | undefined {
    return this.#problem;
  }

  /** Checks now, and at intervals from then on. */
  async start(): Promise<void> {
    await this.check();
    this.#repeating = every(
      busyInterval,
      () => this.#checkWhenDue(),
      (error) => this.#settings.logger.error(`disk: ${errorText(error)}`),
    );
  }

  async stop(): Promise<void> {
    await this.#repeating?.stop();
  }

  /** Measures the free space and tries to write files. Callers share a check that is under way. */
  check(): Promise<DiskProblem | undefined> {
    this.#checking ??= this.#checkOnce().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  /** The present problem, or the last one since then, by `performance.now()`. */
  problemSince(earlier: number): DiskProblem | undefined {
    const last = this.#lastProblem;
    return this.#problem ?? (last && last.seenAt >= earlier ? last.problem : undefined);
  }

  async #checkOnce(): Promise<DiskProblem | undefined> {
    this.#nextProbe = performance.now() + idleInterval;
    const find = async () => (await this.#probe()) ?? (await this.#measure());
    let found = await find();
    for (const free of this.#settings.free) {
      if (!found?.short) break;
      await free(found.short);
      found = await find();
    }
    this.#note(found);
    return this.#problem;
  }

  async #checkWhenDue(): Promise<void> {
    const now = performance.now();
    const due = this.#problem !== undefined || !this.#settings.busy() ? this.#nextCheck : 0;
    if (now < due) return;
    if (this.#problem !== undefined || now >= this.#nextProbe) await this.check();
    else this.#note(await this.#measure());
  }

  #note(found: DiskProblem | undefined): void {
    const { logger, changed } = this.#settings;
    const before = this.#problem;
    this.#problem = found;
    if (found) this.#lastProblem = { problem: found, seenAt: performance.now() };
    this.#nextCheck = performance.now() + (found ? this.#retry : idleInterval);
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
        await writeFile(file, 'Volt checks whether it can write here.\n');
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
      const message = `disk full: ${sizeText(disk.free)} free in ${folder}, ${sizeText(disk.free + bytes)} needed`;
      const device = await stat(folder).then(
        ({ dev }) => dev,
        () => undefined,
      );
      return { message, short: { bytes, device } };
    }
    return undefined;
  }
}
