import { randomUUID } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeptTree, keepUnchanged, type NotedTree } from '../git/kept-tree.ts';
import { removeContested } from '../system/remove-tree.ts';

/** Milliseconds after which nobody is expected to want a tree any more. */
const longestIdle = 86_400_000;

interface Available {
  /** whose checkouts may begin from it */
  kind: string;
  place: string;
  tree: KeptTree;
  bytes: number;
  since: number;
}

/**
 * What one runner keeps of checkouts of large repositories, so that the next one has to write only what is different.
 * States of a tree: `noted`: a job works in it → (all processes of the job are known to be gone) `settling`: what is
 * unchanged is moved out of the job's workspace, → `available`, → (a job takes it) gone; whatever goes wrong on the way
 * ends in gone, too. There are no more trees of one kind than jobs of it at the same time.
 * What an earlier process has left is never used: nobody knows how its jobs have ended.
 */
export class KeptTrees {
  readonly #folder: string;
  readonly #limit: number;
  readonly #problem: (message: string) => void;
  /** the one that was used last is the last */
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
   * @param problem is told why something was not kept
   */
  static async open(folder: string, limit: number, problem: (message: string) => void): Promise<KeptTrees> {
    const trees = new KeptTrees(folder, limit, problem);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const left of await readdir(folder)) trees.#remove(join(folder, left));
    return trees;
  }

  /**
   * Waits for one that a job has just left.
   * @param kind equal for jobs of one repository and one owner of files
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

  /** A new place for what is to be kept. */
  async place(): Promise<string> {
    const place = join(this.#folder, randomUUID());
    await mkdir(place, { mode: 0o700 });
    return place;
  }

  /** Keeps what is unchanged in the workspace of a job that is gone. */
  settle(kind: string, place: string, noted: NotedTree, workspace: string): Promise<void> {
    const settling = keepUnchanged(noted, workspace)
      .then((bytes) => {
        if (bytes === undefined) return this.#remove(place);
        this.#available.push({ kind, place, tree: noted, bytes, since: Date.now() });
        this.#shrinkTo(this.#limit);
      })
      .catch((error) => {
        this.#problem(`kept nothing of a checkout: ${error}`);
        this.#remove(place);
      })
      .finally(() => this.#settling.delete(settling));
    this.#settling.set(settling, kind);
    return settling;
  }

  /** Removes a place that is of no use any more. */
  discard(place: string): void {
    this.#remove(place);
  }

  /** Removes those that nobody has asked for since long. @param now milliseconds since 1970 */
  prune(now = Date.now()): void {
    const isOld = ({ since }: Available) => now - since > longestIdle;
    const old = this.#available.filter(isOld);
    this.#available = this.#available.filter((each) => !isOld(each));
    for (const { place } of old) this.#remove(place);
  }

  /** Removes all that no job has, where the disk is needed for other things; resolves when it is gone. */
  async clear(): Promise<void> {
    this.#shrinkTo(0);
    await Promise.all(this.#removing);
  }

  /** Resolves when nothing is done any more to what is here. */
  async close(): Promise<void> {
    await Promise.all(this.#settling.keys());
    await Promise.all(this.#removing);
  }

  #shrinkTo(limit: number): void {
    let total = this.#available.reduce((sum, { bytes }) => sum + bytes, 0);
    while (total > limit) {
      const oldest = this.#available.shift() as Available;
      total -= oldest.bytes;
      this.#remove(oldest.place);
    }
  }

  #remove(place: string): void {
    const removing = removeContested(place)
      .catch((error) => this.#problem(`could not remove ${place}: ${error}`))
      .finally(() => this.#removing.delete(removing));
    this.#removing.add(removing);
  }
}
