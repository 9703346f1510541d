import { randomUUID } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeptTree, keepUnchanged, type NotedTree } from '../git/kept-tree.ts';
import { removeContested } from '../system/remove-tree.ts';

/** Milliseconds without a job after which a tree is removed. */
const longestIdle = 86_400_000;

interface Available {
  /** repository, trust class and owner of the files */
  kind: string;
  folder: string;
  tree: KeptTree;
  bytes: number;
  since: number;
}

/**
 * The files that one runner keeps of checkouts of large repositories, so that the next checkout writes only what differs.
 * States of a tree: noted (a job works in it) → settling (all processes of the job are gone; unchanged files are moved out of
 * its workspace) → available → taken by one job, and gone with it. A failure removes the tree.
 * There are at most as many trees of a kind as jobs of it that ran at the same time. What an earlier process left is removed,
 * since nobody knows whether its jobs have ended.
 */
export class KeptTrees {
  readonly #folder: string;
  readonly #limit: number;
  readonly #problem: (message: string) => void;
  /** the newest is the last */
  #available: Available[] = [];
  readonly #settling = new Map<Promise<void>, string>();
  readonly #removing = new Set<Promise<void>>();

  private constructor(folder: string, limit: number, problem: (message: string) => void) {
    this.#folder = folder;
    this.#limit = limit;
    this.#problem = problem;
  }

  /**
   * @param folder of this runner alone, which jobs cannot reach, on the file system of their workspaces
   * @param limit bytes that all may have together
   * @param problem gets the reason why a tree was not kept
   */
  static async open(folder: string, limit: number, problem: (message: string) => void): Promise<KeptTrees> {
    const trees = new KeptTrees(folder, limit, problem);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const left of await readdir(folder)) trees.discard(join(folder, left));
    return trees;
  }

  /**
   * Takes the newest tree of a kind; waits for one that is settling.
   * @param kind repository, trust class and owner of the files
   */
  async take(kind: string): Promise<Available | undefined> {
    for (;;) {
      const at = this.#available.findLastIndex((each) => each.kind === kind);
      if (at >= 0) return this.#available.splice(at, 1)[0];
      const settling = [...this.#settling].find(([, each]) => each === kind);
      if (!settling) return undefined;
      await settling[0];
    }
  }

  /** Makes the folder of a new tree. */
  async makeFolder(): Promise<string> {
    const folder = join(this.#folder, randomUUID());
    await mkdir(folder, { mode: 0o700 });
    return folder;
  }

  /** Keeps the unchanged files in the workspace of a job that is over. Never rejects. */
  settle(kind: string, folder: string, noted: NotedTree, workspace: string): Promise<void> {
    const settling = keepUnchanged(noted, workspace)
      .then((bytes) => {
        if (bytes === undefined) return this.discard(folder);
        this.#available.push({ kind, folder, tree: noted, bytes, since: Date.now() });
        this.#shrinkTo(this.#limit);
      })
      .catch((error) => {
        this.#problem(`kept nothing of a checkout: ${error}`);
        this.discard(folder);
      })
      .finally(() => this.#settling.delete(settling));
    this.#settling.set(settling, kind);
    return settling;
  }

  /** Removes trees that no job took for a day. @param now milliseconds since 1970 */
  prune(now = Date.now()): void {
    const isOld = ({ since }: Available) => now - since > longestIdle;
    const old = this.#available.filter(isOld);
    this.#available = this.#available.filter((each) => !isOld(each));
    for (const { folder } of old) this.discard(folder);
  }

  /** Removes all trees that no job has, where the disk needs space; resolves when they are gone. */
  async clear(): Promise<void> {
    this.#shrinkTo(0);
    await Promise.all(this.#removing);
  }

  /** Resolves when nothing works on the folder any more. */
  async close(): Promise<void> {
    await Promise.all(this.#settling.keys());
    await Promise.all(this.#removing);
  }

  #shrinkTo(limit: number): void {
    let total = this.#available.reduce((sum, { bytes }) => sum + bytes, 0);
    while (total > limit) {
      const oldest = this.#available.shift() as Available;
      total -= oldest.bytes;
      this.discard(oldest.folder);
    }
  }

  /** Removes the folder of a tree. */
  discard(folder: string): void {
    const removing = removeContested(folder)
      .catch((error) => this.#problem(`could not remove ${folder}: ${error}`))
      .finally(() => this.#removing.delete(removing));
    this.#removing.add(removing);
  }
}
