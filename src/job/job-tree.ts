import { isLarge, type KeptTree, type NotedTree, noteTree } from '../git/kept-tree.ts';
import type { KeptTrees } from './kept-trees.ts';

/** The kept files that a job's checkout begins from, and what is kept of that checkout for a later job. */
export class JobTree {
  readonly #trees: KeptTrees;
  readonly #kind: string;
  readonly #used: string[] = [];
  #noted: { folder: string; tree: NotedTree } | undefined;

  /** @param kind see `KeptTrees.take` */
  constructor(trees: KeptTrees, kind: string) {
    this.#trees = trees;
    this.#kind = kind;
  }

  /** Takes the files that the checkout begins from. */
  async take(): Promise<KeptTree | undefined> {
    const taken = await this.#trees.take(this.#kind);
    if (taken) this.#used.push(taken.folder);
    return taken?.tree;
  }

  /** Notes which files the checkout has, before the job can reach it. Never rejects: what cannot be noted is not kept. */
  async note(checkout: string, sha: string): Promise<void> {
    this.#forget();
    if (!(await isLarge(checkout))) return;
    const folder = await this.#trees.makeFolder().catch(() => undefined);
    if (folder === undefined) return;
    const tree = await noteTree(checkout, sha, folder).catch(() => undefined);
    if (tree) this.#noted = { folder, tree };
    else this.#trees.discard(folder);
  }

  /**
   * Call it when the job is over.
   * @param workspace where the checkout is; undefined where a process of the job may be left
   */
  async end(workspace: string | undefined): Promise<void> {
    for (const folder of this.#used.splice(0)) this.#trees.discard(folder);
    const noted = this.#noted;
    if (workspace === undefined || !noted) return this.#forget();
    this.#noted = undefined;
    await this.#trees.settle(this.#kind, noted.folder, noted.tree, workspace);
  }

  #forget(): void {
    if (this.#noted) this.#trees.discard(this.#noted.folder);
    this.#noted = undefined;
  }
}
