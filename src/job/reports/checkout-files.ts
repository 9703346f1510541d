import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { StackLine } from '../../kernel/model.ts';
import { isInRepository } from '../../kernel/repository-paths.ts';
import { statInside } from '../files/inside.ts';

/** Where a container of a workflow's job has the checkout, too: of actions and of jobs as GitHub has them. */
const inContainers = ['/github/workspace', '/__w/([^/\\s]{1,100})/\\1'];

/** Lines of a stack of a failed test that are kept, and characters of each. */
const mostLines = 8;
const longestLine = 300;
/** Lines of a text that are searched for them, and paths of a text that are looked for in the checkout. */
const mostSearched = 300;
const mostLookups = 40;

/** Folders of a checkout with files that are not of the commit. */
const foreign = /(?:^|\/)(?:node_modules|site-packages|vendor|target|\.\w[^/]*)\//;
/** A line that says where the test itself begins, not where it failed. */
const definition = /^location: /;

/** The files of a checkout, as what its tests print names them. */
export class CheckoutFiles {
  readonly #root: string;
  /** what their absolute paths and addresses begin with */
  readonly #beginnings: RegExp;

  /** @param root folder of the checkout */
  constructor(root: string) {
    this.#root = root;
    // processes name folders by their path without links
    const own = [...new Set([root, realPath(root)])].map((path) => path.replace(/[^\w/]/g, '\\$&'));
    this.#beginnings = new RegExp(`(?:file://|(?<![\\w.@~/-]))(?:${[...inContainers, ...own].join('|')})/`, 'g');
  }

  /** A text in which they are named by their path in the checkout. */
  namedInside(text: string): string {
    return text.replace(this.#beginnings, '');
  }

  /**
   * The lines of a failure that name a line of such a file, which are those of its stack that matter.
   * @param text in which files are named by their path in the checkout
   * @param suite of the test: Go names files by their path in a package
   */
  stackIn(text: string, suite: string): StackLine[] {
    const found = new Map<string, StackLine>();
    const known = new Map<string, boolean>();
    const isThere = (path: string) => {
      const there = known.get(path) ?? (known.size < mostLookups && this.#has(path));
      known.set(path, there);
      return there;
    };
    for (const line of text.split('\n', mostSearched)) {
      const place = definition.test(line) ? undefined : placeIn(line.slice(0, longestLine));
      const file = place && pathsOf(place.path, suite).find((path) => !foreign.test(path) && isThere(path));
      if (!place || file === undefined || found.has(`${file}:${place.line}`)) continue;
      found.set(`${file}:${place.line}`, { text: line.trim().slice(0, longestLine), file, line: place.line });
      if (found.size === mostLines) break;
    }
    return [...found.values()];
  }

  #has(path: string): boolean {
    return statInside(this.#root, join(this.#root, path))?.isFile() === true;
  }
}

function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    // it does not exist before the checkout
    return folder;
  }
}

/** Where build tools of the JVM have the folders of packages. */
const sourcesOfJvm = ['java', 'kotlin', 'scala', 'groovy'].flatMap((language) => [
  `src/test/${language}`,
  `src/main/${language}`,
]);

/** The first place that a line names, in the words of Python, .NET, Perl and the JVM, or as most tools do. */
function placeIn(line: string): { path: string; line: number } | undefined {
  const [, path, number] =
    /^\s*File "([^"]+)", line ([1-9]\d{0,6})\b/.exec(line) ??
    /(?: in |^at )(\S+?)(?::line| line) ([1-9]\d{0,6})\.?$/.exec(line) ??
    [];
  if (path !== undefined) return { path: path.replace(/^\.\//, ''), line: Number(number) };
  // a method's class says which package the file is in
  const [, packageName = '', file, at] =
    /^\s*at (?:[\w.-]*\/+)?([a-z_][\w.]*)\.[A-Z][\w$]*\.[\w$<>]+\((\w+\.\w+):([1-9]\d{0,6})\)$/.exec(line) ?? [];
  if (file !== undefined) return { path: `${packageName.replaceAll('.', '/')}/${file}`, line: Number(at) };
  for (const word of line.split(/[\s()'"`<>,]+/)) {
    const [, path = '', number] = /^(?:\.\/)?([^:]+\.\w{1,10}):([1-9]\d{0,6})(?::\d{1,7})?(?::in)?:?$/.exec(word) ?? [];
    if (isInRepository(path)) return { path, line: Number(number) };
  }
  return undefined;
}

/** What a path may mean in the checkout: a path in it, or in the folder of a package of Go or of the JVM. */
function pathsOf(path: string, suite: string): string[] {
  if (/\.(?:java|kt|scala|groovy)$/.test(path))
    return [path, ...sourcesOfJvm.map((folder) => `${folder}/${path}`)].filter(isInRepository);
  if (!path.endsWith('.go')) return isInRepository(path) ? [path] : [];
  const folders = suite.split('/').slice(1);
  const inPackage = folders.map((_, index) => join(...folders.slice(index), path));
  return [...inPackage, path].filter(isInRepository);
}
