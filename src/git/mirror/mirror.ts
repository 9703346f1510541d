import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { VoltError } from '../../kernel/errors.ts';
import { git } from '../command/git.ts';
import { findRemoteRef } from '../remote/remote-refs.ts';
import { BareRepository, commitMissing } from './bare-repository.ts';
import { fetchApart } from './fetch-apart.ts';
import { MirrorLock } from './lock.ts';
import { MirrorUpdate, type UpdateOptions } from './update.ts';
import { markUsed } from './use.ts';

export interface MirrorOptions {
  /** files that are fetched only when a commit that has them is checked out, see `isFilter`; null or missing for none */
  filter?: string | null | undefined;
  /** who may read what is fetched into the mirror, where that is not everybody who may read the repository */
  reader?: string | undefined;
  /** milliseconds to wait for another update */
  wait?: number | undefined;
}

/**
 * A bare copy of a repository in the data directory, for reading history and as the store of objects that checkouts
 * share. It is a cache: a broken one is deleted and fetched again. Nothing is pruned from it while jobs may need it.
 * One process at a time updates it.
 *
 * It holds all commits and folders of all branches and tags. With a filter it holds files only of those commits that were
 * required.
 */
export class Mirror extends BareRepository {
  readonly #url: string;
  readonly #filter: string | null;
  readonly #lock: MirrorLock;

  /**
   * @param folder of all mirrors; the mirror's own name follows from the URL and the reader
   */
  constructor(folder: string, url: string, { filter = null, reader, wait }: MirrorOptions = {}) {
    const name = basename(url)
      .replace(/\.git$/, '')
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .slice(0, 40);
    const hash = createHash('sha256').update(reader === undefined ? url : JSON.stringify([url, reader]));
    super(join(folder, `${name}-${hash.digest('hex').slice(0, reader === undefined ? 12 : 32)}.git`));
    this.#url = url;
    this.#filter = filter;
    this.#lock = new MirrorLock(this.path, wait);
  }

  /** Whether a commit that is here may lack files or history, so that it has to be required all the same. */
  get isPart(): boolean {
    return this.isPartial || this.isCutShort || this.#filter !== null;
  }

  /** Brings branches and tags up to date. @throws VoltError `fetch_failed` */
  async fetch(options: UpdateOptions = {}): Promise<void> {
    await this.#update(options, (update) => update.fetchAll());
  }

  /**
   * Brings branches and tags up to date, unless another process has already brought these refs to where they are.
   * @param heads ids of the commits that the remote says the refs point to, by their full names
   * @throws VoltError `fetch_failed`
   */
  async follow(heads: ReadonlyMap<string, string>, options: UpdateOptions = {}): Promise<void> {
    await this.#update(options, async (update) => {
      if (!(await this.#isAt(heads))) await update.fetchAll();
    });
  }

  /**
   * The ref and commit that a person means by a branch, a tag, a full ref or a commit id. A ref that is no branch or tag is
   * fetched.
   * @throws VoltError `bad_ref`, `commit_missing`, `fetch_failed`
   */
  async find(name: string, options: UpdateOptions = {}): Promise<{ ref: string; sha: string }> {
    try {
      return await this.resolve(name);
    } catch (error) {
      const isOther = error instanceof VoltError && error.code === 'commit_missing' && name.startsWith('refs/');
      const found = isOther ? await findRemoteRef(this.#url, name, options) : undefined;
      if (!found) throw error;
      await this.requireRef(found.ref, found.sha, options);
      return found;
    }
  }

  /**
   * Makes sure that the commit is here with its history, also where no branch leads to it any more.
   * @throws VoltError `fetch_failed`, `commit_missing`
   */
  async requireCommit(sha: string, options: UpdateOptions = {}): Promise<void> {
    if (!this.isCutShort && (await this.has(sha))) return this.markUsed();
    await this.#update(options, (update) => this.#fetchCommit(sha, update));
  }

  /**
   * Makes sure that the commit is here with its history to which a ref other than branches and tags leads. Other updates go on
   * in the meantime: a stranger may have made it, and as large as he likes.
   * @throws VoltError `fetch_failed`, `too_large`, `commit_missing` where the ref has moved on
   */
  async requireRef(ref: string, sha: string, options: UpdateOptions = {}): Promise<void> {
    if (!this.isCutShort && (await this.has(sha))) return this.markUsed();
    // by its ref: servers with an old protocol have no other way
    const fetch = (update: MirrorUpdate) => update.fetchCommit(ref);
    if (!this.isThere || this.isShallow || this.isCutShort) await this.#update(options, fetch);
    else {
      await this.markUsed();
      await fetchApart(this, (apart) =>
        fetch(new MirrorUpdate(apart, this.#source, { ...options, notice: undefined })),
      );
    }
    if (!(await this.has(sha))) throw commitMissing(sha);
  }

  /** Makes sure that the commit is here with its history and its files. @throws VoltError as `requireCommit` */
  async require(sha: string, options: UpdateOptions = {}): Promise<void> {
    const isHere = !this.isCutShort && (await this.has(sha));
    if (isHere && (await this.missingFiles([sha])).length === 0) return this.markUsed();
    await this.#update(options, async (update) => {
      await this.#fetchCommit(sha, update);
      await this.#fill([sha], update);
    });
  }

  /**
   * Makes sure that the files right in a commit's folders are here.
   * @param folders those that the commit does not have do not count
   */
  async requireFolders(sha: string, folders: readonly string[], options: UpdateOptions = {}): Promise<void> {
    if (!this.isPartial) return;
    const listed = await git(this.path, ['ls-tree', '-d', '-z', sha, '--', ...folders]);
    const trees = [...listed.matchAll(/ tree ([0-9a-f]+)\t/g)].map(([, id = '']) => id);
    if ((await this.missingFiles(trees)).length === 0) return;
    await this.#update(options, (update) => this.#fill(trees, update));
  }

  /** Fetches files that a filter has left out. @param ids of their blobs */
  async fetchFiles(ids: readonly string[], options: UpdateOptions = {}): Promise<void> {
    await this.#update(options, (update) => update.fetchFiles(ids));
  }

  /** Makes an empty one where there is none. @throws VoltError `git_failed` */
  async create(options: UpdateOptions = {}): Promise<void> {
    if (!this.isThere) await this.#update(options, (update) => update.create());
  }

  /** Keeps the mirror from being removed as one that nobody uses. */
  markUsed(): Promise<void> {
    return markUsed(this.path);
  }

  get #source(): { url: string; filter: string | null } {
    return { url: this.#url, filter: this.#filter };
  }

  async #update(options: UpdateOptions, work: (update: MirrorUpdate) => Promise<void>): Promise<void> {
    await this.#lock.hold(options, async (lock) => {
      await work(new MirrorUpdate(this, this.#source, { ...options, lock }));
      await this.markUsed();
    });
    // a pruning that began before the lock was released sees this mark
    await this.markUsed();
  }

  async #isAt(heads: ReadonlyMap<string, string>): Promise<boolean> {
    if (!this.isThere || this.isShallow) return false;
    // mostly the mirror is behind, and then this spares a start of git
    for (const [ref, head] of heads) if (await this.isSeenElsewhere(ref, head)) return false;
    const names = [...heads.keys()].map((ref) => `${ref}^{commit}`);
    // no "--end-of-options", which rev-parse would print as well; these are full names, and none is an option
    const found = await git(this.path, ['rev-parse', ...names]).catch(() => '');
    return found.trim() === [...heads.values()].join('\n');
  }

  async #fetchCommit(sha: string, update: MirrorUpdate): Promise<void> {
    const isHere = () => !this.isCutShort && this.has(sha);
    // another process may have fetched it in the meantime
    if (await isHere()) return;
    await update.fetchAll();
    if (!(await this.has(sha))) await update.fetchCommit(sha);
    if (!(await this.has(sha))) throw commitMissing(sha);
  }

  async #fill(objects: readonly string[], update: MirrorUpdate): Promise<void> {
    const missing = await this.missingFiles(objects);
    if (missing.length > 0) await update.fetchFiles(missing);
  }
}
