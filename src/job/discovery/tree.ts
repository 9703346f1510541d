import { parse } from 'smol-toml';
import { isPartOfOthers } from './describing-files.ts';
import { withoutComments } from './jsonc.ts';
import { type Fields, isRecord } from './records.ts';

export interface TreeFile {
  /** from the root of the tree, with slashes */
  path: string;
  executable: boolean;
}

/** Names of a path, those of its folders and its own: each folder of each file is noted. */
const mostDepth = 30;
/** Characters of JSON that are parsed; a deeply nested text takes some 50 ms a megabyte. */
const longestJson = 250_000;
/** Characters of TOML that are parsed; a hostile text takes some 1 ms a thousand. */
const longestToml = 100_000;

/**
 * The files of a commit as discovery sees them: all names, and the texts of the files that describe projects. It is made
 * from a checkout or from what an observer has read of the commit, so discovery itself reads no file. Paths are relative
 * to its root; `''` is the root itself.
 */
export class Tree {
  readonly #files = new Map<string, TreeFile>();
  readonly #texts: ReadonlyMap<string, string>;
  /** paths below folders that finders have asked for */
  readonly #below = new Map<string, readonly string[]>();
  /** what is in the texts that have been parsed */
  readonly #values = new Map<string, unknown>();
  /** names of the entries of each folder */
  readonly #folders = new Map<string, Set<string>>([['', new Set()]]);

  /** @param texts of describing files, by path; a file that is too large has none. Files in very deep folders, and paths that git has not, are left out. */
  constructor(files: Iterable<TreeFile>, texts: ReadonlyMap<string, string>) {
    this.#texts = texts;
    for (const file of files) {
      const names = file.path.split('/');
      if (names.length > mostDepth || names.includes('')) continue;
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

  /** Paths of all files below a folder, in order. */
  below(folder = ''): readonly string[] {
    const known = this.#below.get(folder);
    if (known) return known;
    const paths: string[] = [];
    const waiting = [folder];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const name of this.#folders.get(next) ?? []) {
        const path = next === '' ? name : `${next}/${name}`;
        if (this.#files.has(path)) paths.push(path);
        else waiting.push(path);
      }
    }
    this.#below.set(folder, paths.sort());
    return paths;
  }

  /** Paths of the files whose names end so, in order, without those that describe something else than this project. */
  own(ending: string): string[] {
    return this.below().filter((path) => path.endsWith(ending) && !path.split('/').some(isPartOfOthers));
  }

  /** The text of a describing file (see describing-files.ts); empty where there is none, or it is too large. */
  text(path: string): string {
    return this.#texts.get(path) ?? '';
  }

  /** Whether the text of a file was read. */
  isRead(path: string): boolean {
    return this.#texts.has(path);
  }

  /** The object in a JSON file; undefined where there is none, or it is not valid. */
  json(path: string): Fields | undefined {
    return this.#parsed(path, (text) => JSON.parse(text));
  }

  /** The object in a JSON file with comments. */
  jsonc(path: string): Fields | undefined {
    return this.#parsed(path, (text) => JSON.parse(withoutComments(text)));
  }

  /** The table in a TOML file. */
  toml(path: string): Fields | undefined {
    return this.#parsed(path, (text) => (text.length > longestToml ? undefined : parse(text)));
  }

  #parsed(path: string, read: (text: string) => unknown): Fields | undefined {
    const text = this.text(path);
    if (text.length > longestJson) return undefined;
    try {
      const value = this.#values.has(path) ? this.#values.get(path) : read(text);
      this.#values.set(path, value);
      return isRecord(value) ? value : undefined;
    } catch {
      this.#values.set(path, undefined);
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
