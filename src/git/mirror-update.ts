import { existsSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { systemCode } from '../kernel/errors.ts';
import { removeTree } from '../system/remove-tree.ts';
import { pause } from '../system/wait.ts';
import type { BareRepository } from './bare-repository.ts';
import { configValue } from './config-file.ts';
import { tellsOfDamage } from './damage.ts';
import type { Extent } from './extent.ts';
import { fetchAside, mostIds } from './fetch-aside.ts';
import { bearLongNames, fetchFailed, isRefused, overBreaks } from './fetch-faults.ts';
import { leftoversOf } from './mirror-leftovers.ts';
import { discard, temporaryPaths } from './mirror-paths.ts';
import { type GitOptions, git, locally } from './run.ts';
import { saidBy } from './words.ts';

/** A lock of this age (ms) has been left by a git that was killed: it holds one only while it writes a file. */
const staleLock = 60_000;

const everything = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];

/** A file in a mirror that was begun with a depth and has not been made whole. */
const shortMark = 'volt-short';
/** A file in a mirror of which it has been said that its server takes no filters. */
const unfilteredMark = 'volt-unfiltered';

export interface UpdateOptions extends GitOptions {
  /** is told once of what the server does not do, in words for people */
  notice?: ((text: string) => void) | undefined;
}

/** Where git fetches from, as it is called on the command line. */
interface Source {
  name: string;
  flags: readonly string[];
}

/** Whether a mirror holds a part of each ref's history and is to stay so. */
export function isShort(mirror: BareRepository, { depth }: Extent): boolean {
  return depth != null && (!mirror.isThere || existsSync(join(mirror.path, shortMark)));
}

/** One update of a mirror, by whoever has its lock. */
export class MirrorUpdate {
  readonly #mirror: BareRepository;
  readonly #url: string;
  readonly #extent: Extent;
  readonly #options: UpdateOptions;
  readonly #isHeld: () => boolean;
  /** as git calls it; undefined for git's own default */
  #objectFormat: string | undefined;

  /** @param isHeld whether the lock is held still: this process may have been frozen meanwhile */
  constructor(
    mirror: BareRepository,
    { url, extent }: { url: string; extent: Extent },
    options: UpdateOptions,
    isHeld: () => boolean,
  ) {
    this.#mirror = mirror;
    this.#url = url;
    this.#extent = extent;
    this.#options = options;
    this.#isHeld = isHeld;
  }

  /** All of the history of all branches and tags, which makes a mirror with a depth a whole one. */
  async fetchAll(): Promise<void> {
    await this.#fetch(everything, () => ['--prune', ...(this.#mirror.isShallow ? ['--unshallow'] : [])]);
    await rm(join(this.#mirror.path, shortMark), { force: true });
  }

  /** As many commits of each ref as well, where the server can tell how far that is; else all. What is here stays. */
  async fetchShort(refspecs: readonly string[], depth: number): Promise<void> {
    const { progress: _, ...local } = locally(this.#options);
    try {
      await this.#insist((source) =>
        fetchAside(this.#mirror, this.#isHeld, local, (folder) =>
          this.#fetchInto(folder, source, refspecs, [`--depth=${depth}`]),
        ),
      );
    } catch (error) {
      if (!/does not support shallow/.test(saidBy(error))) throw error;
      this.#options.notice?.('its server has no shallow fetches, so all of the history is fetched');
      await this.fetchAll();
    }
  }

  /** What a commit id or a tag leads to. */
  async fetchCommit(sha: string): Promise<void> {
    await this.#fetch([sha], () => (this.#mirror.isShallow ? ['--unshallow'] : []));
  }

  /** Single files, by their ids, which a filter has left out. */
  async fetchFiles(ids: readonly string[]): Promise<void> {
    try {
      for (let from = 0; from < ids.length; from += mostIds) {
        // what is here does not matter for what is asked for by its id
        const config = [['fetch.negotiationAlgorithm', 'noop']] as const;
        await this.#fetch(ids.slice(from, from + mostIds), () => [], config);
      }
    } catch (error) {
      if (!isRefused(error)) throw error;
      this.#noticeUnfiltered();
      await this.#fetch(everything, () => ['--refetch', '--no-filter']);
    }
  }

  /** Makes an empty mirror where there is none. */
  async create(): Promise<void> {
    const { path, isThere } = this.#mirror;
    if (isThere) return;
    const { draft } = temporaryPaths(path);
    const format = this.#objectFormat === undefined ? [] : [`--object-format=${this.#objectFormat}`];
    await rm(draft, { recursive: true, force: true });
    await mkdir(dirname(path), { recursive: true });
    await git(dirname(path), ['init', '--quiet', '--bare', '--initial-branch=main', ...format, '--', draft]);
    // for people who look into the folder
    await writeFile(join(draft, 'description'), `Mirror of ${this.#url}\n`);
    if (this.#extent.depth != null) await writeFile(join(draft, shortMark), '');
    await rename(draft, path).catch(async (error) => {
      if (systemCode(error) !== 'ENOTEMPTY') throw error;
      // what is there is none any more
      await this.#discard();
      await rename(draft, path);
    });
  }

  async #fetch(refspecs: readonly string[], flags: () => string[], config: GitOptions['config'] = []): Promise<void> {
    await this.#insist((source) => this.#fetchInto(this.#mirror.path, source, refspecs, flags(), config));
  }

  /** Tries again where that helps. @throws VoltError `fetch_failed` */
  async #insist(work: (source: Source) => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.create();
        const source = await this.#source();
        return await overBreaks(
          () => work(source).catch(bearLongNames),
          this.#options,
          () => this.#clear(),
        );
      } catch (error) {
        if (this.#options.signal?.aborted || attempt === 4 || !(await this.#mend(saidBy(error), attempt)))
          throw fetchFailed(this.#url, error);
      }
    }
  }

  async #fetchInto(
    folder: string,
    { name, flags }: Source,
    refspecs: readonly string[],
    more: readonly string[],
    config: GitOptions['config'] = [],
  ): Promise<void> {
    await git(
      folder,
      [
        'fetch',
        // tells that it is alive, so that a large transfer is not taken for one that hangs
        '--progress',
        '--no-auto-maintenance',
        '--no-write-fetch-head',
        '--no-tags',
        // a shallow repository is copied as far as it goes, and later as far as it goes then
        '--update-shallow',
        ...flags,
        ...more,
        '--',
        name,
        ...refspecs,
      ],
      {
        ...this.#options,
        config: [...(this.#options.config ?? []), ...config],
        warning: (line) => this.#heed(line),
      },
    );
  }

  /** A mirror without all files names where they can be had, as git asks for. */
  async #source(): Promise<Source> {
    const { filter } = this.#extent;
    if (filter == null) {
      return this.#mirror.isPartial ? { name: 'origin', flags: ['--no-filter'] } : { name: this.#url, flags: [] };
    }
    if (!this.#mirror.isPartial) await appendFile(join(this.#mirror.path, 'config'), promisor(this.#url, filter));
    return { name: 'origin', flags: [`--filter=${filter}`] };
  }

  #heed(warning: string): void {
    if (/filtering not recognized by server/.test(warning)) this.#noticeUnfiltered();
  }

  #noticeUnfiltered(): void {
    const mark = join(this.#mirror.path, unfilteredMark);
    if (existsSync(mark)) return;
    this.#options.notice?.('its server takes no filters, so all files are fetched');
    writeFile(mark, '').catch(() => undefined);
  }

  /** Whether it is worth another try, after what was wrong has been mended. */
  async #mend(error: string, attempt: number): Promise<boolean> {
    const inTheWay = /cannot lock ref '.+?': '(refs\/.+?)' exists; cannot create/.exec(error)?.[1];
    if (inTheWay !== undefined) {
      // a branch that was deleted, and not by a fetch that prunes
      await git(this.#mirror.path, ['update-ref', '-d', inTheWay], { lock: this.#options.lock });
      return true;
    }
    if (/cannot lock ref|Unable to create .*\.lock|File exists/.test(error)) {
      await this.#removeStaleLock(error);
      await pause(100 * attempt);
      return true;
    }
    if (attempt > 2) return false;
    const format = /mismatched algorithms: client \w+; server (sha1|sha256)/.exec(error)?.[1];
    if (format === undefined && !tellsOfDamage(error, this.#mirror.path)) return false;
    this.#objectFormat = format;
    await this.#discard();
    return true;
  }

  /** A git that was killed has left its lock, which nobody else would take away. */
  async #removeStaleLock(error: string): Promise<void> {
    const { path } = this.#mirror;
    const named = /Unable to create '(.+?\.lock)': File exists/.exec(error)?.[1];
    const lock = named && resolve(path, named);
    if (!lock?.startsWith(`${path}${sep}`)) return;
    const age = await stat(lock).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > staleLock) await rm(lock, { force: true });
  }

  /** What a transfer that was cut off has left may be most of a large repository. */
  async #clear(): Promise<void> {
    if (!this.#isHeld()) return;
    for (const path of await leftoversOf(this.#mirror.path)) await removeTree(path);
  }

  async #discard(): Promise<void> {
    if (this.#isHeld()) await discard(this.#mirror.path);
  }
}

/** Lines of a configuration file that make a repository a partial clone, see partial-clone.txt of git's documentation. */
function promisor(url: string, filter: string): string {
  const lines = [`url = ${configValue(url)}`, 'promisor = true', `partialclonefilter = ${filter}`];
  return ['[remote "origin"]', ...lines.map((line) => `\t${line}`), ''].join('\n');
}
