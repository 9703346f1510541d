import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { systemCode, VoltError } from '../kernel/errors.ts';
import { hideCredentials } from '../kernel/urls.ts';
import { pause } from '../kernel/wait.ts';
import { useMark } from './mirrors.ts';
import { checkRefName } from './refs.ts';
import { type GitOptions, git } from './run.ts';

export interface CommitInfo {
  sha: string;
  subject: string;
  author: string;
  /** ISO 8601 */
  committedAt: string;
}

export interface NewCommits {
  /** oldest first; at most `limit`, the newest */
  commits: CommitInfo[];
  /** how many older ones were left out */
  passedOver: number;
  /** the ref does not descend from where it was: it was forced, or made anew */
  jumped: boolean;
}

/** What git says of a repository that is damaged, and not of the one that it fetches from. */
const broken = /bad object|corrupt|unable to read tree|not a git repository|bad config line \d+ in file \.\//i;
/** A lock of this age (ms) has been left by a process that died: git holds one only while it writes a file. */
const staleLock = 60_000;

/** One update of a mirror at a time in this process; git itself keeps apart those of several processes. */
const updates = new Map<string, Promise<unknown>>();

/**
 * A bare copy of a repository in the data directory, for reading history and as the store of objects that checkouts
 * share. It is a cache: a broken one is deleted and fetched again. Nothing is pruned from it while jobs may need it.
 */
export class Mirror {
  readonly path: string;
  readonly #url: string;
  /** as git calls it; undefined for git's own default */
  #objectFormat: string | undefined;

  /** @param folder where mirrors are kept; the mirror's own name follows from the URL */
  constructor(folder: string, url: string) {
    this.#url = url;
    const name = basename(url)
      .replace(/\.git$/, '')
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .slice(0, 40);
    this.path = join(folder, `${name}-${createHash('sha256').update(url).digest('hex').slice(0, 12)}.git`);
  }

  /**
   * Brings branches and tags up to date.
   * @throws VoltError `fetch_failed`
   */
  async fetch(options: GitOptions = {}): Promise<void> {
    await this.#update(['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'], ['--prune'], options);
  }

  /** Makes sure that the commit is here, also where no branch leads to it any more. */
  async require(sha: string, options: GitOptions = {}): Promise<void> {
    if (await this.has(sha)) return this.noteUse();
    await this.fetch(options);
    if (await this.has(sha)) return;
    await this.#update([sha], [], options);
    if (!(await this.has(sha))) throw commitMissing(sha);
  }

  async has(sha: string): Promise<boolean> {
    if (!existsSync(join(this.path, 'HEAD'))) return false;
    return git(this.path, ['rev-parse', '--verify', '--end-of-options', `${sha}^{commit}`]).then(
      () => true,
      () => false,
    );
  }

  /**
   * What has come to a ref, along first parents, so that a merged branch counts as its merge commit.
   * @param before commit up to which everything is known
   * @param head commit that the ref points to now
   * @param limit how many at the most
   * @param base ref whose commits are none of this ref's own: where this one has jumped, as a rebased branch does, they
   * are left out
   */
  async newCommits(before: string, head: string, limit: number, base?: string): Promise<NewCommits> {
    const range = [`${before}..${head}`];
    const log = await this.#log(range, limit).catch(async (error) => {
      if (await this.has(before)) throw error;
      return undefined;
    });
    // where the ref was is not even in the repository any more
    if (log === undefined) return { commits: [await this.commit(head)], passedOver: 0, jumped: true };
    let found = log;
    const jumped = found[0]?.firstParent !== before && !(await this.#isAncestor(before, head));
    if (jumped && base !== undefined && (await this.has(base))) {
      range.push(`^${base}`);
      found = await this.#log(range, limit);
    }
    if (found.length === 0) return { commits: [await this.commit(head)], passedOver: 0, jumped };
    const total = found.length < limit ? found.length : await this.#count(range);
    return { commits: found.map(({ firstParent, ...info }) => info), passedOver: total - found.length, jumped };
  }

  /** Oldest first. */
  async #log(range: string[], limit: number): Promise<(CommitInfo & { firstParent: string })[]> {
    const text = await git(this.path, ['log', '--first-parent', `--max-count=${limit}`, '-z', format, ...range, '--']);
    return parseCommits(text).reverse();
  }

  /** The beginnings of the messages of commits, and what their trailer `skip-checks` says, in the order that is given. */
  async messages(shas: readonly string[]): Promise<{ text: string; skipChecks: string }[]> {
    if (shas.length === 0) return [];
    const log = await git(this.path, ['log', '--no-walk=unsorted', '-z', messageFormat, ...shas, '--']);
    return log
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => {
        const [skipChecks = '', ...text] = entry.split('\n');
        return { text: text.join('\n').trimEnd(), skipChecks: skipChecks.trim() };
      });
  }

  /** @throws VoltError `commit_missing` */
  async commit(sha: string): Promise<CommitInfo> {
    const log = await git(this.path, ['log', '--max-count=1', '-z', format, sha, '--']).catch((error) => {
      if (/bad object|bad revision|unknown revision|not a valid/i.test(String(error))) return '';
      throw error;
    });
    const [found] = parseCommits(log);
    if (!found) throw commitMissing(sha);
    const { firstParent, ...info } = found;
    return info;
  }

  /**
   * The ref and commit that a person means by a branch, a tag, a full ref or a commit id.
   * @throws VoltError `bad_ref`, `commit_missing`
   */
  async resolve(name: string): Promise<{ ref: string; sha: string }> {
    checkRefName(name);
    for (const ref of [`refs/heads/${name}`, `refs/tags/${name}`, name]) {
      const sha = await git(this.path, [
        'rev-parse',
        '--verify',
        '--quiet',
        '--end-of-options',
        `${ref}^{commit}`,
      ]).catch(() => '');
      if (sha !== '') return { ref, sha: sha.trim() };
    }
    throw new VoltError('commit_missing', `there is no branch, tag or commit "${name}"`, {
      remedy: 'See git branch -a and git tag.',
    });
  }

  async #isAncestor(before: string, head: string): Promise<boolean> {
    return (await git(this.path, ['rev-list', '--max-count=1', `${head}..${before}`, '--'])).trim() === '';
  }

  async #count(range: string[]): Promise<number> {
    return Number(await git(this.path, ['rev-list', '--count', '--first-parent', ...range, '--']));
  }

  async #update(refspecs: string[], flags: string[], options: GitOptions): Promise<void> {
    const work = (updates.get(this.path) ?? Promise.resolve()).then(() =>
      this.#fetchWithRepair(refspecs, flags, options),
    );
    const quiet = work.catch(() => undefined);
    updates.set(this.path, quiet);
    try {
      await work;
    } finally {
      if (updates.get(this.path) === quiet) updates.delete(this.path);
    }
  }

  async #fetchWithRepair(refspecs: string[], flags: string[], options: GitOptions): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.create();
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
          options,
        );
        return await this.noteUse();
      } catch (error) {
        if (options.signal?.aborted || attempt === 4 || !(await this.#mend(String(error), attempt))) {
          throw fetchFailed(this.#url, error);
        }
      }
    }
  }

  /** Whether it is worth another try, after what was wrong has been mended. */
  async #mend(error: string, attempt: number): Promise<boolean> {
    if (/cannot lock ref|Unable to create .*\.lock|File exists/.test(error)) {
      await this.#removeStaleLock(error);
      await pause(100 * attempt);
      return true;
    }
    if (attempt > 2) return false;
    const format = /mismatched algorithms: client \w+; server (sha1|sha256)/.exec(error)?.[1];
    if (format === undefined && (!broken.test(error) || error.includes('on the remote side'))) return false;
    this.#objectFormat = format;
    await this.#discard();
    return true;
  }

  /** A process that died in an update has left its lock, which nobody else would take away. */
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

  /** Makes an empty one where there is none. @throws VoltError `git_failed` */
  async create(): Promise<void> {
    if (existsSync(join(this.path, 'HEAD'))) return;
    await mkdir(dirname(this.path), { recursive: true });
    const draft = `${this.path}.${process.pid}.${Date.now()}`;
    const format = this.#objectFormat === undefined ? [] : [`--object-format=${this.#objectFormat}`];
    await git(dirname(this.path), ['init', '--quiet', '--bare', '--initial-branch=main', ...format, '--', draft]);
    // for people who look into the folder
    await writeFile(join(draft, 'description'), `Mirror of ${this.#url}\n`);
    await rename(draft, this.path).catch(async (error) => {
      await rm(draft, { recursive: true, force: true });
      // another process was first
      if (existsSync(join(this.path, 'HEAD'))) return;
      if (systemCode(error) !== 'ENOTEMPTY') throw error;
      // what is there is none any more
      await this.#discard();
      await this.create();
    });
  }

  /** For whoever removes mirrors that nobody uses. */
  async noteUse(): Promise<void> {
    await writeFile(join(this.path, useMark), '').catch(() => undefined);
  }

  async #discard(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** A commit may say as much as it likes, so git cuts what it prints of it: to so many columns. */
const cut = (columns: number, placeholder: string) => `%<(${columns},trunc)${placeholder}`;
/** The first of the parents is whole. */
const format = `--format=%H%n${cut(200, '%P')}%n${cut(200, '%an')}%n%cI%n${cut(500, '%s')}`;
const skipChecks = '%(trailers:key=skip-checks,valueonly,unfold,separator=%x2C)';
const messageFormat = `--format=${cut(20, skipChecks)}%n${cut(10_000, '%B')}`;

function parseCommits(log: string): (CommitInfo & { firstParent: string })[] {
  return log
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [sha = '', parents = '', author = '', committedAt = '', ...subject] = entry.split('\n');
      return {
        sha,
        firstParent: parents.split(' ')[0] ?? '',
        // git counts columns and fills them up
        author: author.trimEnd().slice(0, 200),
        committedAt: dateOf(committedAt),
        subject: subject.join(' ').trimEnd().slice(0, 500),
      };
    });
}

/** A commit may claim any time, also one that no calendar has. */
function dateOf(text: string): string {
  const date = new Date(text);
  const year = date.getUTCFullYear();
  return (year >= 0 && year <= 9999 ? date : new Date(0)).toISOString();
}

function commitMissing(sha: string): VoltError {
  return new VoltError('commit_missing', `commit ${sha} is not in the repository`, {
    remedy: 'It may have been removed by a forced push; build the branch as it is now.',
  });
}

function fetchFailed(url: string, error: unknown): VoltError {
  const cause = error instanceof VoltError ? error : undefined;
  return new VoltError('fetch_failed', `cannot fetch ${hideCredentials(url)}: ${cause?.message ?? String(error)}`, {
    remedy: cause?.remedy ?? 'Run git fetch by hand to see more.',
    cause: error,
  });
}
