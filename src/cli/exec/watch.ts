import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { watch } from 'chokidar';
import { git } from '../../git/command/git.ts';
import { takeSnapshot } from '../../git/snapshot.ts';

/** Milliseconds without a further change after which a change is complete; an editor writes several files. */
const quiet = 200;

/** Watches the files of a work tree that git does not ignore. */
export class TreeWatch {
  readonly #root: string;
  readonly #close: () => Promise<void>;
  #tree = '';
  #timer: NodeJS.Timeout | undefined;
  #isChanged = false;
  #changed: () => void = () => undefined;

  private constructor(root: string, ignored: ReadonlySet<string>) {
    this.#root = root;
    const watcher = watch(root, {
      ignoreInitial: true,
      ignored: (path) => {
        const inside = relative(root, path);
        return inside === '.git' || inside.startsWith(`.git${sep}`) || ignored.has(inside);
      },
    });
    watcher.on('all', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#wake(), quiet);
    });
    // files that cannot be watched are left out
    watcher.on('error', () => undefined);
    this.#close = () => watcher.close();
  }

  /** @param root of the work tree */
  static async open(root: string): Promise<TreeWatch> {
    const text = await git(root, ['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--directory']);
    const ignored = text.split('\0').filter((path) => path !== '');
    const opened = new TreeWatch(root, new Set(ignored.map((path) => join(path).replace(/\/$/, ''))));
    opened.#tree = await treeOf(root);
    return opened;
  }

  /** Resolves when a commit of the work tree would have other files than at the last call, or at the start. */
  async change(): Promise<void> {
    for (;;) {
      if (!this.#isChanged) {
        await new Promise<void>((resolve) => {
          this.#changed = resolve;
        });
      }
      this.#isChanged = false;
      // a file may have been written with the same content, or be ignored by now
      const tree = await treeOf(this.#root);
      if (tree === this.#tree) continue;
      this.#tree = tree;
      return;
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#close();
  }

  #wake(): void {
    this.#isChanged = true;
    this.#changed();
  }
}

async function treeOf(root: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'volt-exec-'));
  try {
    return (await takeSnapshot(root, join(folder, 'tree'))).tree;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
