import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import { shaPattern } from '../kernel/names.ts';
import { BareRepository, commitMissing } from './bare-repository.ts';
import type { Extent } from './extent.ts';
import { fetchFailed, isRefused, isUnknown } from './fetch-faults.ts';
import { type LockTimes, MirrorLock } from './mirror-lock.ts';
import { isShort, MirrorUpdate, type UpdateOptions } from './mirror-update.ts';
import { noteUse } from './mirror-use.ts';
import { findRemoteRef } from './remote.ts';
import { git } from './run.ts';
import { hasHistory, isJoined } from './shallow.ts';

/** Commits up to which a branch of a mirror with a depth is looked through for one that cannot be fetched by its id. */
const deepestSearch = 1000;

export interface MirrorOptions extends Extent {
  times?: LockTimes;
  reader?: string | undefined;
}

/** Where a ref has come to. */
export interface RefMove {
  /** full id of the commit that the remote says it points to */
  head: string;
  /** commit that it has come from */
  before?: string | undefined;
}

/**
 * A bare copy of a repository in the data directory, for reading history and as the store of objects that checkouts
 * share. It is a cache: a broken one is deleted and fetched again. Nothing is pruned from it while jobs may need it.
 * It is updated by one process at a time.
 *
 * With a depth (see Extent) it holds so many commits of those refs that somebody has asked for, and what has come to them
 * since. What it holds it keeps, whatever else is fetched, so whoever reads it may rely on what was there; one that was
 * whole before stays whole. With a filter it holds all commits and folders, but files only of those commits that were
 * required.
 */
export class Mirror extends BareRepository {
  readonly #url: string;
  readonly #extent: Extent;
  readonly #lock: MirrorLock;

  /**
   * @param folder where mirrors are kept; the mirror's own name follows from the URL, and from
   * @param options.reader who may read what is fetched into it, where that is not who fetches the repository as its own
   */
  constructor(folder: string, url: string, { times, depth, filter, reader }: MirrorOptions = {}) {
    const name = basename(url)
      .replace(/\.git$/, '')
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .slice(0, 40);
    const hash = createHash('sha256').update(reader === undefined ? url : JSON.stringify([url, reader]));
    super(join(folder, `${name}-${hash.digest('hex').slice(0, reader === undefined ? 12 : 32)}.git`));
    this.#url = url;
    this.#extent = { depth, filter };
    this.#lock = new MirrorLock(this.path, times);
  }

  /** Whether history or files may be missing, so that a commit that is here has to be required all the same. */
  get isPart(): boolean {
    return this.isShallow || this.isPartial || this.#extent.depth != null || this.#extent.filter != null;
  }

  /** Commits of each ref that are here; undefined for all. */
  get #depth(): number | undefined {
    return isShort(this, this.#extent) ? (this.#extent.depth ?? undefined) : undefined;
  }

  /**
   * Brings branches and tags up to date. One with a depth gets each when it is asked for (`find`, `follow`).
   * @throws VoltError `fetch_failed`
   */
  async fetch(options: UpdateOptions = {}): Promise<void> {
    if (this.#depth === undefined) await this.#update(options, (update) => update.fetchAll());
  }

  /**
   * Brings refs to where the remote says they are, unless another process has done so already. With a depth, their
   * history is deepened until they are joined to where they come from.
   * @param moves by the full names of the refs
   * @param most commits to which history is deepened at most
   * @throws VoltError `fetch_failed`
   */
  async follow(moves: ReadonlyMap<string, RefMove>, most: number, options: UpdateOptions = {}): Promise<void> {
    await this.#update(options, async (update) => {
      if (!(await this.#isAt(moves))) {
        if (this.#depth === undefined) await update.fetchAll();
        else await update.fetchShort([...moves.keys()].map(toItself), this.#depth);
      }
      await this.#join(moves, most, update);
    });
  }

  /**
   * Fetches what a person means by a branch, a tag, a full ref or a commit id; a mirror without a depth has been fetched
   * before.
   * @throws VoltError `bad_ref`, `commit_missing`, `fetch_failed`
   */
  async find(name: string, options: UpdateOptions = {}): Promise<{ ref: string; sha: string }> {
    const depth = this.#depth;
    if (depth === undefined) return this.resolve(name);
    const found = await findRemoteRef(this.#url, name, options).catch((error) => {
      throw error instanceof VoltError && error.code === 'bad_ref' ? error : fetchFailed(this.#url, error);
    });
    if (!found) {
      if (shaPattern.test(name)) await this.require(name, options);
      return this.resolve(name);
    }
    await this.#update(options, async (update) => {
      if (!(await this.#isAt(new Map([[found.ref, { head: found.sha }]]))))
        await update.fetchShort([toItself(found.ref)], depth);
    });
    return this.resolve(found.ref);
  }

  /** Makes sure that the commit is here with its files, also where no branch leads to it any more. */
  async require(sha: string, options: UpdateOptions = {}): Promise<void> {
    if ((await this.has(sha)) && (await this.missingFiles([sha])).length === 0) return this.noteUse();
    await this.#update(options, async (update) => {
      // another process may have fetched it meanwhile
      if (!(await this.has(sha))) await this.#fetchCommit(sha, update);
      await this.#fill([sha], update);
    });
  }

  /**
   * Makes sure that the files right in a commit's folders are here.
   * @param folders those that there are not do not count
   */
  async requireFolders(sha: string, folders: readonly string[], options: UpdateOptions = {}): Promise<void> {
    if (!this.isPartial) return;
    const listed = await git(this.path, ['ls-tree', '-d', '-z', sha, '--', ...folders]);
    const trees = [...listed.matchAll(/ tree ([0-9a-f]+)\t/g)].map(([, id = '']) => id);
    if ((await this.missingFiles(trees)).length === 0) return;
    await this.#update(options, (update) => this.#fill(trees, update));
  }

  /**
   * Makes sure that so much of a commit's history is here.
   * @param depth number of commits; 0 for all, with all branches and tags, which makes this mirror a whole one
   * @param tags whether all tags are wanted, too
   */
  async requireHistory(sha: string, depth: number, tags: boolean, options: UpdateOptions = {}): Promise<void> {
    const own = this.#depth;
    if (own === undefined || (depth !== 0 && !tags && (await hasHistory(this, sha, depth)))) return;
    await this.#update(options, async (update) => {
      if (depth === 0) return update.fetchAll();
      if (!(await hasHistory(this, sha, depth))) await this.#fetchShort(sha, Math.max(depth, own), update);
      if (tags) await update.fetchShort(['+refs/tags/*:refs/tags/*'], depth);
    });
  }

  /** Makes an empty one where there is none. @throws VoltError `git_failed` */
  async create(options: UpdateOptions = {}): Promise<void> {
    if (!this.isThere) await this.#update(options, (update) => update.create());
  }

  /** For whoever removes mirrors that nobody uses. */
  noteUse(): Promise<void> {
    return noteUse(this.path);
  }

  /** Runs an update in its turn. */
  async #update(options: UpdateOptions, work: (update: MirrorUpdate) => Promise<void>): Promise<void> {
    await this.#lock.hold(options, async ({ isHeld }) => {
      const place = { url: this.#url, extent: this.#extent };
      await work(new MirrorUpdate(this, place, { ...options, lock: this.#lock.writing }, isHeld));
      await this.noteUse();
    });
  }

  async #isAt(moves: ReadonlyMap<string, RefMove>): Promise<boolean> {
    if (!this.isThere) return false;
    // mostly it is behind, and to be told so spares a start of git before each fetch
    for (const [ref, { head }] of moves) if (await this.isSeenElsewhere(ref, head)) return false;
    const names = [...moves.keys()].map((ref) => `${ref}^{commit}`);
    const heads = [...moves.values()].map(({ head }) => head);
    // no "--end-of-options", which it would print as well; these are full names, and none is an option
    const found = await git(this.path, ['rev-parse', ...names]).catch(() => '');
    if (found.trim() !== heads.join('\n')) return false;
    // who has brought them may have wanted less of their history
    const depth = this.#depth;
    if (depth === undefined) return !this.isShallow;
    for (const head of heads) if (!(await hasHistory(this, head, depth))) return false;
    return true;
  }

  async #join(moves: ReadonlyMap<string, RefMove>, most: number, update: MirrorUpdate): Promise<void> {
    for (let depth = this.#depth; depth !== undefined && depth < most; ) {
      const apart: string[] = [];
      for (const [ref, { head, before }] of moves)
        if (before !== undefined && !(await isJoined(this, before, head))) apart.push(toItself(ref));
      if (apart.length === 0) return;
      depth = Math.min(depth * 4, most);
      await update.fetchShort(apart, depth);
    }
  }

  async #fetchCommit(sha: string, update: MirrorUpdate): Promise<void> {
    const depth = this.#depth;
    const found =
      depth === undefined ? await this.#fetchWhole(sha, update) : await this.#fetchShort(sha, depth, update);
    if (!found) throw commitMissing(sha);
  }

  async #fetchWhole(sha: string, update: MirrorUpdate): Promise<boolean> {
    await update.fetchAll();
    if (!(await this.has(sha))) await update.fetchCommit(sha);
    return this.has(sha);
  }

  /** A server that gives nothing by its id is asked for branches, deeper and deeper. */
  async #fetchShort(sha: string, depth: number, update: MirrorUpdate): Promise<boolean> {
    try {
      // under a name, so that the next fetch need not bring again what this one has brought; few of them will do
      await update.fetchShort([`+${sha}:refs/volt/${sha[0]}`], depth);
      return this.has(sha);
    } catch (error) {
      if (isUnknown(error)) return false;
      if (!isRefused(error)) throw error;
    }
    for (let deep = depth; deep <= deepestSearch; deep *= 10) {
      await update.fetchShort(['+refs/heads/*:refs/heads/*'], deep);
      if (await hasHistory(this, sha, depth)) return true;
      if (!this.isShallow) break;
    }
    await update.fetchAll();
    return this.has(sha);
  }

  async #fill(objects: readonly string[], update: MirrorUpdate): Promise<void> {
    const missing = await this.missingFiles(objects);
    if (missing.length > 0) await update.fetchFiles(missing);
  }
}

function toItself(ref: string): string {
  return `+${ref}:${ref}`;
}
