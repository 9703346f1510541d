import { isLarge, type KeptTree, type NotedTree, noteTree } from '../git/kept-tree.ts';
import type { KeptTrees } from './kept-trees.ts';

/** What a job's checkout begins from, and what it leaves for another. */
export class JobTree {
  readonly #trees: KeptTrees;
  readonly #kind: string;
  readonly #used: string[] = [];
  #noted: { place: string; tree: NotedTree } | undefined;

  constructor(trees: KeptTrees, kind: string) {
    this.#trees = trees;
    this.#kind = kind;
  }

  /** What the checkout may begin from. */
  async take(): Promise<KeptTree | undefined> {
    const taken = await this.#trees.take(this.#kind);
    if (taken) this.#used.push(taken.place);
    return taken?.tree;
  }

  /**
   * Notes what the checkout is, before anything of the job can reach it. That cannot fail: what cannot be noted is written
   * anew another time.
   */
  async note(checkout: string, sha: string): Promise<void> {
    this.#forget();
    if (!(await isLarge(checkout))) return;
    const place = await this.#trees.place().catch(() => undefined);
    if (place === undefined) return;
    const tree = await noteTree(checkout, sha, place).catch(() => undefined);
    if (tree) this.#noted = { place, tree };
    else this.#trees.discard(place);
  }

  /**
   * Is told when the job is over.
   * @param workspace where the checkout was placed; undefined where it cannot be told that all processes of the job are gone
   */
  async end(workspace: string | undefined): Promise<void> {
    const noted = this.#noted;
    this.#noted = undefined;
    for (const place of this.#used.splice(0)) this.#trees.discard(place);
    if (!noted) return;
    if (workspace === undefined) this.#trees.discard(noted.place);
    else await this.#trees.settle(this.#kind, noted.place, noted.tree, workspace);
  }

  #forget(): void {
    if (this.#noted) this.#trees.discard(this.#noted.place);
    this.#noted = undefined;
  }
}
