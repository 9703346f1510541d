/** One file of a commit. */
export interface TreeFile {
  /** from the root of the tree, with slashes */
  path: string;
  executable: boolean;
}

/** Characters of JSON that are parsed; a deeply nested text takes some 50 ms a megabyte. */
const longestJson = 250_000;

/**
 * The files of a commit as discovery sees them: all names, and the texts of the files that describe projects. It is made
 * from a checkout or from what an observer has read of the commit, so discovery itself reads no file. Paths are relative
 * to its root; `''` is the root itself.
 */
export class Tree {
  readonly #files = new Map<string, TreeFile>();
  readonly #texts: ReadonlyMap<string, string>;
  /** names of the entries of each folder */
  readonly #folders = new Map<string, Set<string>>([['', new Set()]]);

  /** @param texts of describing files, by path; a file that is too large has none */
  constructor(files: Iterable<TreeFile>, texts: ReadonlyMap<string, string>) {
    this.#texts = texts;
    for (const file of files) {
      this.#files.set(file.path, file);
      let path = file.path;
      for (;;) {
        const at = path.lastIndexOf('/');
        const folder = at < 0 ? '' : path.slice(0, at);
        const names = this.#folders.get(folder) ?? new Set<string>();
        this.#folders.set(folder, names);
        if (names.has(path.slice(at + 1))) break;
        names.add(path.slice(at + 1));
        if (at < 0) break;
        path = folder;
      }
    }
  }

  /** Whether there is a file. */
  has(path: string): boolean {
    return this.#files.has(path);
  }

  hasFolder(path: string): boolean {
    return this.#folders.has(path);
  }

  isExecutable(path: string): boolean {
    return this.#files.get(path)?.executable === true;
  }

  /** The first of the files that is there. */
  first(...paths: string[]): string | undefined {
    return paths.find((path) => this.has(path));
  }

  /** Names of the files and folders in a folder, in order; empty where there is no such folder. */
  names(folder = ''): string[] {
    return [...(this.#folders.get(folder) ?? [])].sort();
  }

  /** Paths of all files below a folder. */
  below(folder = ''): string[] {
    const prefix = folder === '' ? '' : `${folder}/`;
    return [...this.#files.keys()].filter((path) => path.startsWith(prefix));
  }

  /** The text of a describing file (see describing-files.ts); empty where there is none, or it is too large. */
  text(path: string): string {
    return this.#texts.get(path) ?? '';
  }

  /** The object in a JSON file; undefined where there is none, or it is not valid. */
  json(path: string): { [key: string]: unknown } | undefined {
    const text = this.text(path);
    if (text.length > longestJson) return undefined;
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? (value as { [key: string]: unknown })
        : undefined;
    } catch {
      return undefined;
    }
  }

  /** A folder of this tree as a tree of its own. */
  in(folder: string): Tree {
    if (folder === '') return this;
    const from = folder.length + 1;
    const files = this.below(folder).map((path) => ({
      path: path.slice(from),
      executable: this.isExecutable(path),
    }));
    const texts = files.flatMap(({ path }): [string, string][] => {
      const text = this.#texts.get(`${folder}/${path}`);
      return text === undefined ? [] : [[path, text]];
    });
    return new Tree(files, new Map(texts));
  }
}
