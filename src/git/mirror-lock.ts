import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { type FileLock, lockFile } from '../system/lock.ts';
import { removeTree } from '../system/remove-tree.ts';
import { settled } from '../system/wait.ts';
import { leftoversOf } from './mirror-leftovers.ts';

/** Milliseconds. */
export interface LockTimes {
  /** between two signs of life of whoever has the lock, and between two looks for them */
  beat: number;
  /** without a sign of life, as often as one is looked for, after which whoever has the lock is taken for frozen */
  patience: number;
}

/** Milliseconds between two looks whether somebody waits. */
const lookInterval = 100;

const usual: LockTimes = { beat: 5000, patience: 60_000 };

interface Waiting {
  signal?: AbortSignal | undefined;
  /** is told whom it waits for, in words for people */
  progress?: ((line: string) => void) | undefined;
}

/** What updates of each mirror in this process wait for, so that only one of them waits for other processes. */
const turns = new Map<string, Promise<unknown>>();

/**
 * Keeps updates of one mirror apart: in this process, and in all others that share its folder, in other containers too.
 * Reading needs no lock, since git puts whatever is new into place in one step.
 *
 * The lock is on a file beside the mirror, and ends with its holder (see system/lock.ts). The holder writes its name
 * into it and empties it when nothing is left of its work, so whoever finds a name there comes after one that was killed,
 * and clears up first. While it lives, the holder touches the file. One that does not, as a process that was stopped, is
 * not waited for: the file is removed and with it the lock, which the holder sees when it goes on. Should two remove it in
 * the same instant, both go on, as git's own locks allow. Who waits counts how often it has looked and found the file as it
 * was, and compares no times: clocks are set, and a machine that slept has not been silent.
 *
 * Commands of git that write have a second, shared lock by themselves (`writing`), which lasts as long as they do: git may
 * live on for a while after the process that has started it was killed, so whoever clears up waits for it.
 */
export class MirrorLock {
  /** of the second lock */
  readonly writing: string;
  readonly #mirror: string;
  readonly #file: string;
  /** a file that is there where somebody waits */
  readonly #wanted: string;
  readonly #times: LockTimes;

  /** @param mirror its path, which ends in `.git` */
  constructor(mirror: string, times = usual) {
    this.#mirror = mirror;
    this.#file = `${mirror.slice(0, -'.git'.length)}.lock`;
    this.writing = join(mirror, 'volt-writing');
    this.#wanted = join(mirror, 'volt-wanted');
    this.#times = times;
  }

  /**
   * Runs `work` when it is this update's turn.
   * @param work is given what tells whether it still has the lock
   * @throws what `signal` was aborted with, while it waits
   */
  async hold<T>(waiting: Waiting, work: (held: Pick<FileLock, 'isHeld'>) => Promise<T>): Promise<T> {
    const before = turns.get(this.#mirror);
    if (before !== undefined) waiting.progress?.('waiting for another update of the mirror by this process');
    return new Promise((resolve, reject) => {
      const own = (async () => {
        if (before !== undefined) await settled(before, waiting.signal);
        waiting.signal?.throwIfAborted();
        await mkdir(dirname(this.#file), { recursive: true });
        return this.#run(await this.#take(waiting), waiting, (held) =>
          work(held).catch((error) => {
            // a job that is cancelled need not wait until all is cleared up
            reject(error);
            throw error;
          }),
        );
      })();
      own.then(resolve, reject);
      const quiet = own.catch(() => undefined);
      turns.set(this.#mirror, quiet);
      void quiet.then(() => turns.get(this.#mirror) === quiet && turns.delete(this.#mirror));
    });
  }

  /**
   * Runs `work` where nobody updates the mirror.
   * @returns undefined where somebody does
   */
  async tryHold<T>(work: (held: Pick<FileLock, 'isHeld'>) => Promise<T>): Promise<T | undefined> {
    const lock = await lockFile(this.#file);
    return lock && this.#run({ lock, dirty: this.#holder() !== '' }, {}, work);
  }

  /**
   * Runs `work` where nobody updates the mirror, and ends it as soon as somebody wants to.
   * @param work is given what ends it, and leaves a sound mirror whenever that is
   * @returns whether it has come to its end
   * @throws what `work` does, where it was not ended
   */
  async holdUntilWanted(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const wanted = new AbortController();
    const either = AbortSignal.any([signal, wanted.signal]);
    try {
      const done = await this.tryHold(async () => {
        rmSync(this.#wanted, { force: true });
        const looking = setInterval(() => existsSync(this.#wanted) && wanted.abort(), lookInterval);
        await work(either).finally(() => clearInterval(looking));
        return true;
      });
      return done ?? false;
    } catch (error) {
      if (either.aborted) return false;
      throw error;
    }
  }

  /** For whoever has removed the mirror, and has the lock. */
  forget(): void {
    rmSync(this.#file, { force: true });
  }

  async #run<T>(
    { lock, dirty }: { lock: FileLock; dirty: boolean },
    waiting: Waiting,
    work: (held: Pick<FileLock, 'isHeld'>) => Promise<T>,
  ): Promise<T> {
    // a sign of life that cannot be given is none, which is for those to judge who wait
    const beating = setInterval(() => attempt(lock.touch), this.#times.beat);
    let clean = false;
    try {
      lock.write(`process ${process.pid} on ${hostname()}`);
      if (dirty) await this.#clearUp(lock, this.#times.patience, waiting);
      const result = await work(lock);
      clean = true;
      return result;
    } catch (error) {
      // git leaves what it has begun, which may be most of a large repository
      clean = await this.#clearUp(lock, this.#times.beat).then(
        () => true,
        () => false,
      );
      throw error;
    } finally {
      clearInterval(beating);
      // a name that stays has the next one clear up
      if (clean) attempt(() => lock.write(''));
      lock.release();
    }
  }

  async #take({ signal, progress }: Waiting): Promise<{ lock: FileLock; dirty: boolean }> {
    const { beat, patience } = this.#times;
    let dirty = false;
    let sign = this.#lastSign();
    for (let wait = 0, silence = 0; ; wait = beat) {
      const lock = await lockFile(this.#file, { wait, signal });
      if (lock) return { lock, dirty: dirty || this.#holder() !== '' };
      signal?.throwIfAborted();
      attempt(() => writeFileSync(this.#wanted, ''));
      const holder = this.#holder() || 'another process';
      const last = this.#lastSign();
      silence = last === sign ? silence + wait : 0;
      sign = last;
      if (silence > patience) {
        rmSync(this.#file, { force: true });
        dirty = true;
        progress?.(`going on without ${holder}, which has not moved for ${Math.round(silence / 1000)} s`);
        silence = 0;
      } else progress?.(`waiting for ${holder}, which updates the mirror`);
    }
  }

  /** Who has the lock, or had it to the end of its life; nothing where the last one was done. */
  #holder(): string {
    try {
      return readFileSync(this.#file, 'utf8').slice(0, 200);
    } catch {
      return '';
    }
  }

  /** When whoever has the lock last touched the file, to be compared only with itself. */
  #lastSign(): number | undefined {
    return statSync(this.#file, { throwIfNoEntry: false })?.mtimeMs;
  }

  /** Takes away what an update has left that was not brought to its end, when git has ended or has been waited for. */
  async #clearUp(lock: FileLock, wait: number, { signal, progress }: Waiting = {}): Promise<void> {
    if (existsSync(this.#mirror)) {
      progress?.('waiting for git, which an earlier update has started on the mirror');
      const writing = await lockFile(this.writing, { wait, signal });
      signal?.throwIfAborted();
      if (writing) writing.release();
      else await rm(this.writing, { force: true });
    }
    // somebody else may have gone on meanwhile
    if (!lock.isHeld()) return;
    for (const path of await leftoversOf(this.#mirror)) await removeTree(path);
  }
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // whoever calls says why that may be
  }
}
