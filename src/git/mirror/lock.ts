import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { asVoltError, VoltError } from '../../kernel/errors.ts';
import { type FileLock, holderOf, LockFailed, type LockOptions, lockFile } from '../../system/lock.ts';
import { removeLeftovers } from './leftovers.ts';

/** Milliseconds to wait for another update: the first fetch of a large repository takes long. */
const longestWait = 3_600_000;
/** Milliseconds between two checks whether somebody waits. */
const checkInterval = 100;

/** Locks of this process whose work is done and that are being unlocked, by their files. */
const unlocking = new Map<string, Promise<void>>();

interface Waiting {
  signal?: AbortSignal | undefined;
  /** is called with whom the update waits for */
  progress?: ((line: string) => void) | undefined;
}

/**
 * Keeps updates of one mirror apart: in this process, and in all others that share its folder, in other containers too.
 * Reading needs no lock, since git adds new objects and refs in one step.
 *
 * The lock is on a file beside the mirror, and git inherits it (`GitOptions.lock`): when Volt is killed and its git goes on,
 * the lock holds until git has ended. The holder writes its name into the file and empties the file when its work is done,
 * so a process that finds a name there follows a killed holder, and first removes its leftovers.
 */
export class MirrorLock {
  readonly #mirror: string;
  readonly #file: string;
  /** a file that exists when somebody waits */
  readonly #wanted: string;
  readonly #longestWait: number;

  /**
   * @param mirror its path, which ends in `.git`
   * @param wait milliseconds
   */
  constructor(mirror: string, wait = longestWait) {
    this.#mirror = mirror;
    this.#file = `${mirror.slice(0, -'.git'.length)}.lock`;
    this.#wanted = join(mirror, 'volt-wanted');
    this.#longestWait = wait;
  }

  /**
   * Runs `work` while no other update runs.
   * @param work is given the descriptor of the lock, for its git
   * @throws VoltError `fetch_failed` naming a holder that does not end; what `signal` was aborted with during the wait
   */
  async hold<T>(waiting: Waiting, work: (descriptor: number) => Promise<T>): Promise<T> {
    await mkdir(dirname(this.#file), { recursive: true });
    return this.#run(await this.#take(waiting), work);
  }

  /**
   * Runs `work` unless an update runs.
   * @returns undefined where one runs
   */
  async tryHold<T>(work: (descriptor: number) => Promise<T>): Promise<T | undefined> {
    const lock = await this.#lock({});
    return lock && this.#run(lock, work);
  }

  /**
   * Runs `work` unless an update runs, and ends it as soon as an update waits.
   * @param work is given what ends it, and leaves a sound mirror whenever that is
   * @returns whether it has come to its end
   * @throws what `work` does, where it was not ended
   */
  async holdUntilWanted(
    signal: AbortSignal,
    work: (signal: AbortSignal, descriptor: number) => Promise<void>,
  ): Promise<boolean> {
    const wanted = new AbortController();
    const either = AbortSignal.any([signal, wanted.signal]);
    try {
      const done = await this.tryHold(async (descriptor) => {
        rmSync(this.#wanted, { force: true });
        const checking = setInterval(() => existsSync(this.#wanted) && wanted.abort(), checkInterval);
        await work(either, descriptor).finally(() => clearInterval(checking));
        return true;
      });
      return done ?? false;
    } catch (error) {
      if (either.aborted) return false;
      throw error;
    }
  }

  /** Removes the lock's file, after the holder has removed the mirror. */
  forget(): void {
    rmSync(this.#file, { force: true });
  }

  async #run<T>(lock: FileLock, work: (descriptor: number) => Promise<T>): Promise<T> {
    try {
      if (holderOf(this.#file) !== '') await removeLeftovers(this.#mirror);
      lock.write(`process ${process.pid} on ${hostname()}`);
      return await work(lock.descriptor).catch(async (error) => {
        // most of a large repository may have come
        await removeLeftovers(this.#mirror);
        throw error;
      });
    } finally {
      attempt(() => lock.write(''));
      // A daemon that a credential helper of git's has started may have inherited the descriptor, so closing it is not enough.
      // The commit that was fetched does not wait for it.
      const unlocked = lock
        .unlock()
        .finally(() => unlocking.get(this.#file) === unlocked && unlocking.delete(this.#file));
      unlocking.set(this.#file, unlocked);
    }
  }

  async #take({ signal, progress }: Waiting): Promise<FileLock> {
    const free = await this.#lock({ signal });
    if (free) return free;
    signal?.throwIfAborted();
    attempt(() => writeFileSync(this.#wanted, ''));
    progress?.(`waiting for ${this.#holder}, which updates the mirror`);
    const lock = await this.#lock({ wait: this.#longestWait, signal });
    if (lock) return lock;
    signal?.throwIfAborted();
    const minutes = Math.round(this.#longestWait / 60_000);
    throw new VoltError('fetch_failed', `${this.#holder} has updated the mirror for more than ${minutes} minutes`, {
      remedy: `See whether that process, or a git that it started, hangs, and end it: it holds the lock ${this.#file}.`,
    });
  }

  async #lock(options: LockOptions): Promise<FileLock | undefined> {
    await unlocking.get(this.#file);
    return lockFile(this.#file, options).catch((error) => {
      throw error instanceof LockFailed ? asVoltError(error) : error;
    });
  }

  get #holder(): string {
    return holderOf(this.#file) || 'another process';
  }
}

/** The disk may take no writes: the next holder then removes leftovers that are none, and packing is not ended early. */
function attempt(write: () => void): void {
  try {
    write();
  } catch {}
}
