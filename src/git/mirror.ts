import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { systemCode, VoltError } from '../kernel/errors.ts';
import { hideCredentials } from '../kernel/urls.ts';
import { pause } from '../kernel/wait.ts';
import { BareRepository, commitMissing } from './bare-repository.ts';
import { type LockTimes, MirrorLock } from './mirror-lock.ts';
import { asidesOf, discard } from './mirror-place.ts';
import { noteUse } from './mirror-use.ts';
import { type GitOptions, git } from './run.ts';

/** What git says of a repository that is damaged, and not of the one that it fetches from. */
const broken = /bad object|corrupt|unable to read tree|not a git repository|bad config line \d+ in file \.\//i;
/** A lock of this age (ms) has been left by a git that was killed: it holds one only while it writes a file. */
const staleLock = 60_000;

const everything = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];

/** An update that is under way. */
interface Update {
  options: GitOptions;
  /** whether nobody has taken over since, for whom this process was frozen */
  isHeld(): boolean;
}

/**
 * A bare copy of a repository in the data directory, for reading history and as the store of objects that checkouts
 * share. It is a cache: a broken one is deleted and fetched again. Nothing is pruned from it while jobs may need it.
 * It is updated by one process at a time.
 */
export class Mirror extends BareRepository {
  readonly #url: string;
  readonly #lock: MirrorLock;
  /** as git calls it; undefined for git's own default */
  #objectFormat: string | undefined;

  /** @param folder where mirrors are kept; the mirror's own name follows from the URL */
  constructor(folder: string, url: string, times?: LockTimes) {
    const name = basename(url)
      .replace(/\.git$/, '')
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .slice(0, 40);
    super(join(folder, `${name}-${createHash('sha256').update(url).digest('hex').slice(0, 12)}.git`));
    this.#url = url;
    this.#lock = new MirrorLock(this.path, times);
  }

  /**
   * Brings branches and tags up to date.
   * @throws VoltError `fetch_failed`
   */
  async fetch(options: GitOptions = {}): Promise<void> {
    await this.#update(options, (update) => this.#fetchAll(update));
  }

  /**
   * Brings branches and tags up to date, unless the refs that count are where they should be already, since another
   * process has fetched them.
   * @param refs full names, and the commits that they point to on the remote
   * @throws VoltError `fetch_failed`
   */
  async follow(refs: ReadonlyMap<string, string>, options: GitOptions = {}): Promise<void> {
    await this.#update(options, async (update) => {
      if (!(await this.#pointsTo(refs))) await this.#fetchAll(update);
    });
  }

  /** Makes sure that the commit is here, also where no branch leads to it any more. */
  async require(sha: string, options: GitOptions = {}): Promise<void> {
    if (await this.has(sha)) return this.noteUse();
    await this.#update(options, async (update) => {
      // another process may have fetched it meanwhile
      if (await this.has(sha)) return;
      await this.#fetchAll(update);
      if (await this.has(sha)) return;
      await this.#fetch([sha], [], update);
      if (!(await this.has(sha))) throw commitMissing(sha);
    });
  }

  /** Makes an empty one where there is none. @throws VoltError `git_failed` */
  async create(options: GitOptions = {}): Promise<void> {
    if (!this.isThere) await this.#lock.hold(options, ({ isHeld }) => this.#create({ options, isHeld }));
  }

  /** For whoever removes mirrors that nobody uses. */
  noteUse(): Promise<void> {
    return noteUse(this.path);
  }

  async #pointsTo(refs: ReadonlyMap<string, string>): Promise<boolean> {
    if (!this.isThere) return false;
    const names = [...refs.keys()].map((ref) => `${ref}^{commit}`);
    const found = await git(this.path, ['rev-parse', '--end-of-options', ...names]).catch(() => '');
    return found.trim() === [...refs.values()].join('\n');
  }

  /** Runs an update in its turn. */
  async #update(options: GitOptions, work: (update: Update) => Promise<void>): Promise<void> {
    await this.#lock.hold(options, async ({ isHeld }) => {
      await work({ options: { ...options, lock: this.#lock.writing }, isHeld });
      await this.noteUse();
    });
  }

  #fetchAll(update: Update): Promise<void> {
    return this.#fetch(everything, ['--prune'], update);
  }

  async #fetch(refspecs: string[], flags: string[], update: Update): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#create(update);
        await git(
          this.path,
          [
            'fetch',
            // tells that it is alive, so that a large transfer is not taken for one that hangs
            '--progress',
            '--no-auto-maintenance',
            '--no-write-fetch-head',
            '--no-tags',
            // a shallow repository is copied as far as it goes, and later as far as it goes then
            '--update-shallow',
            ...(existsSync(join(this.path, 'shallow')) ? ['--unshallow'] : []),
            ...flags,
            '--',
            this.#url,
            ...refspecs,
          ],
          update.options,
        );
        return;
      } catch (error) {
        if (update.options.signal?.aborted || attempt === 4 || !(await this.#mend(String(error), attempt, update))) {
          throw fetchFailed(this.#url, error);
        }
      }
    }
  }

  /** Whether it is worth another try, after what was wrong has been mended. */
  async #mend(error: string, attempt: number, update: Update): Promise<boolean> {
    if (/cannot lock ref|Unable to create .*\.lock|File exists/.test(error)) {
      await this.#removeStaleLock(error);
      await pause(100 * attempt);
      return true;
    }
    if (attempt > 2) return false;
    const format = /mismatched algorithms: client \w+; server (sha1|sha256)/.exec(error)?.[1];
    if (format === undefined && (!broken.test(error) || error.includes('on the remote side'))) return false;
    this.#objectFormat = format;
    if (update.isHeld()) await discard(this.path);
    return true;
  }

  /** A git that was killed has left its lock, which nobody else would take away. */
  async #removeStaleLock(error: string): Promise<void> {
    const named = /Unable to create '(.+?\.lock)': File exists/.exec(error)?.[1];
    const lock = named && resolve(this.path, named);
    if (!lock?.startsWith(`${this.path}${sep}`)) return;
    const age = await stat(lock).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > staleLock) await rm(lock, { force: true });
  }

  async #create(update: Update): Promise<void> {
    if (this.isThere) return;
    const { draft } = asidesOf(this.path);
    const format = this.#objectFormat === undefined ? [] : [`--object-format=${this.#objectFormat}`];
    await rm(draft, { recursive: true, force: true });
    await mkdir(dirname(this.path), { recursive: true });
    await git(dirname(this.path), ['init', '--quiet', '--bare', '--initial-branch=main', ...format, '--', draft]);
    // for people who look into the folder
    await writeFile(join(draft, 'description'), `Mirror of ${this.#url}\n`);
    await rename(draft, this.path).catch(async (error) => {
      if (systemCode(error) !== 'ENOTEMPTY') throw error;
      // what is there is none any more
      if (update.isHeld()) await discard(this.path);
      await rename(draft, this.path);
    });
  }
}

function fetchFailed(url: string, error: unknown): VoltError {
  const cause = error instanceof VoltError ? error : undefined;
  return new VoltError('fetch_failed', `cannot fetch ${hideCredentials(url)}: ${cause?.message ?? String(error)}`, {
    remedy: cause?.remedy ?? 'Run git fetch by hand to see more.',
    cause: error,
  });
}
