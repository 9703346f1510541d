import { existsSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode } from '../../kernel/errors.ts';
import { pause } from '../../system/wait.ts';
import { configValue } from '../command/config-file.ts';
import { type GitOptions, git } from '../command/git.ts';
import { messagesOf } from '../command/messages.ts';
import { fetchFailed, ignoreLongRefNames, isNotAdvertised, retryTransfer } from '../remote/fetch-errors.ts';
import { type BareRepository, cutShortMark } from './bare-repository.ts';
import { reportsDamage } from './damage.ts';
import { removeLeftovers } from './leftovers.ts';
import { discard, temporaryPaths } from './paths.ts';

const everything = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];

/** A file in a mirror whose server supports no filters, after Volt has said so. */
const unfilteredMark = 'volt-unfiltered';

export interface UpdateOptions extends GitOptions {
  /** is called once with a sentence about what the server does not support */
  notice?: ((text: string) => void) | undefined;
  /**
   * what one fetch may bring of what a stranger has made, and the setting that says so. Branches and tags have no such limit: those
   * who may push to the repository have made them
   */
  mostFetched?: { bytes: number; setting: string } | undefined;
}

/** The remote, and the flags that it needs on the command line. */
interface Source {
  name: string;
  flags: readonly string[];
}

/** Ids that one command is given; a process takes some megabytes of arguments. */
const mostIds = 20_000;

/**
 * curl ends a transfer that has stood still for so long (s). Volt itself ends git sooner, see `GitOptions.silence`; this is
 * for a git whose Volt was killed, which would hold the mirror's lock for as long as its server hangs.
 */
const stalled = [
  ['http.lowSpeedLimit', '1'],
  ['http.lowSpeedTime', '120'],
] as const;

/** One update of a mirror, by the holder of its lock. */
export class MirrorUpdate {
  readonly #mirror: BareRepository;
  readonly #url: string;
  readonly #filter: string | null;
  readonly #options: UpdateOptions;
  /** git's name of the format; undefined for git's default */
  #objectFormat: string | undefined;

  constructor(mirror: BareRepository, { url, filter }: { url: string; filter: string | null }, options: UpdateOptions) {
    this.#mirror = mirror;
    this.#url = url;
    this.#filter = filter;
    this.#options = options;
  }

  /** Fetches all of the history of all branches and tags. */
  async fetchAll(): Promise<void> {
    await this.#fetch(everything, () => ['--prune', ...(this.#mirror.isShallow ? ['--unshallow'] : [])]);
    await rm(join(this.#mirror.path, cutShortMark), { force: true });
  }

  /** Fetches a commit by its id, or a ref. */
  async fetchCommit(sha: string): Promise<void> {
    await this.#fetch([sha], () => (this.#mirror.isShallow ? ['--unshallow'] : []), this.#limited);
  }

  /** Fetches files by their ids, which a filter has left out. */
  async fetchFiles(ids: readonly string[]): Promise<void> {
    try {
      for (let from = 0; from < ids.length; from += mostIds) {
        // git need not tell the server which commits it has
        const config = [['fetch.negotiationAlgorithm', 'noop']] as const;
        const { limits, config: limiting = [] } = this.#limited;
        await this.#fetch(ids.slice(from, from + mostIds), () => [], { limits, config: [...limiting, ...config] });
      }
    } catch (error) {
      if (!isNotAdvertised(error)) throw error;
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
    // for people who read the folder
    await writeFile(join(draft, 'description'), `Mirror of ${this.#url}\n`);
    await rename(draft, path).catch(async (error) => {
      if (systemCode(error) !== 'ENOTEMPTY') throw error;
      // a broken mirror is at this path
      await discard(path);
      await rename(draft, path);
    });
  }

  /** All that comes is in one file, a pack, whose size the system limits. */
  get #limited(): Pick<GitOptions, 'limits' | 'config'> {
    const { mostFetched, limits } = this.#options;
    if (mostFetched === undefined) return { limits };
    const config = [['fetch.unpackLimit', '1']] as const;
    return { limits: { ...limits, fileSize: mostFetched.bytes, fileSizeSetting: mostFetched.setting }, config };
  }

  /** Fetches, and tries again where that helps. @throws VoltError `fetch_failed`, `too_large` */
  async #fetch(
    refspecs: readonly string[],
    flags: () => string[],
    more: Pick<GitOptions, 'limits' | 'config'> = { limits: this.#options.limits },
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.create();
        const source = await this.#source();
        return await retryTransfer(
          () => this.#fetchFrom(source, refspecs, flags(), more).catch(ignoreLongRefNames),
          this.#options,
          () => removeLeftovers(this.#mirror.path),
        );
      } catch (error) {
        if (this.#options.signal?.aborted || attempt === 4 || !(await this.#mend(messagesOf(error), attempt)))
          throw fetchFailed(this.#url, error);
      }
    }
  }

  async #fetchFrom(
    { name, flags }: Source,
    refspecs: readonly string[],
    more: readonly string[],
    { limits, config = [] }: Pick<GitOptions, 'limits' | 'config'>,
  ): Promise<void> {
    await git(
      this.#mirror.path,
      [
        'fetch',
        // its lines show that a large transfer does not hang
        '--progress',
        '--no-auto-maintenance',
        '--no-write-fetch-head',
        '--no-tags',
        // a shallow repository is copied as far as it goes
        '--update-shallow',
        ...flags,
        ...more,
        '--',
        name,
        ...refspecs,
      ],
      {
        ...{ ...this.#options, limits },
        config: [...stalled, ...(this.#options.config ?? []), ...config],
        warning: (line) => this.#heed(line),
      },
    );
  }

  /** A mirror with a filter needs a remote in its configuration, from which git can get the other files. */
  async #source(): Promise<Source> {
    const filter = this.#filter;
    if (filter === null) {
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
    this.#options.notice?.('its server does not support filters, so all files are fetched');
    writeFile(mark, '').catch(() => undefined);
  }

  /** Repairs what git complains of. @returns whether another try is worth it */
  async #mend(error: string, attempt: number): Promise<boolean> {
    const { path } = this.#mirror;
    const inTheWay = /cannot lock ref '.+?': '(refs\/.+?)' exists; cannot create/.exec(error)?.[1];
    if (inTheWay !== undefined) {
      // a branch that was deleted in the remote, and is still here
      await git(path, ['update-ref', '-d', inTheWay], { lock: this.#options.lock });
      return true;
    }
    if (/cannot lock ref|Unable to create .*\.lock|File exists/.test(error)) {
      // a git that was killed has left it: no other one writes now
      await removeLeftovers(path);
      await pause(100 * attempt);
      return true;
    }
    if (attempt > 2) return false;
    const format = /mismatched algorithms: client \w+; server (sha1|sha256)/.exec(error)?.[1];
    if (format === undefined && !reportsDamage(error, path)) return false;
    this.#objectFormat = format;
    await discard(path);
    return true;
  }
}

/** Lines of a configuration file that make a repository a partial clone, see partial-clone.txt of git's documentation. */
function promisor(url: string, filter: string): string {
  const lines = [`url = ${configValue(url)}`, 'promisor = true', `partialclonefilter = ${filter}`];
  return ['[remote "origin"]', ...lines.map((line) => `\t${line}`), ''].join('\n');
}
