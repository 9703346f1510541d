import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Minimatch } from 'minimatch';
import { openUntrusted } from '../untrusted-file.ts';
import { StepFault } from './fault.ts';

/** As GitHub's own package for it has them (`@actions/glob`). */
const options = { dot: true, nobrace: true, nocomment: true, noext: true, nonegate: true } as const;
/** Files and folders that are looked at; a pattern that leads to more is not meant so. */
const mostEntries = 500_000;

/**
 * What the expression `hashFiles(…)` comes to: SHA-256 over the SHA-256 of each file that the patterns choose, in the
 * order of their paths. The last pattern that speaks of a file decides; one that begins with `!` leaves it out; one that
 * chooses a folder chooses all that is in it. Links are not followed, and files outside of the workspace do not count.
 * @returns hexadecimal, or empty where there is no such file
 */
export async function hashFiles(workspace: string, given: readonly string[]): Promise<string> {
  const root = await realpath(workspace);
  const patterns = given
    .flatMap((text) => text.split('\n'))
    .map((text) => text.trim())
    .filter((text) => text !== '' && !text.startsWith('#'))
    .map((text) => patternOf(root, text));
  const files = new Set<string>();
  const walk = new Walk(patterns, files);
  for (const start of new Set(patterns.filter(({ excludes }) => !excludes).map(({ base }) => base))) {
    if (start === root || start.startsWith(root + sep)) await walk.visit(start);
  }
  if (files.size === 0) return '';
  const result = createHash('sha256');
  for (const file of [...files].sort()) {
    const hash = createHash('sha256');
    // it may have become something else since it was looked at
    await pipeline(createReadStream('', { fd: openUntrusted(root, file) }), hash);
    result.update(hash.digest());
  }
  return result.digest('hex');
}

interface Pattern {
  excludes: boolean;
  /** the deepest folder or file that all it can choose is in */
  base: string;
  matches(path: string): boolean;
}

function patternOf(root: string, text: string): Pattern {
  const excludes = text.startsWith('!');
  const path = resolve(root, text.replace(/^!+/, '').trim());
  const parts = path.split(sep);
  const glob = parts.findIndex((part) => /[*?[]/.test(part));
  const base = glob < 0 ? path : parts.slice(0, glob).join(sep) || sep;
  const itself = new Minimatch(path, options);
  const inside = new Minimatch(`${path}/**`, options);
  return { excludes, base, matches: (candidate) => itself.match(candidate) || inside.match(candidate) };
}

class Walk {
  readonly #patterns: readonly Pattern[];
  readonly #files: Set<string>;
  #seen = 0;

  constructor(patterns: readonly Pattern[], files: Set<string>) {
    this.#patterns = patterns;
    this.#files = files;
  }

  async visit(path: string): Promise<void> {
    if (++this.#seen > mostEntries) throw new StepFault(`hashFiles looks at more than ${mostEntries} files`);
    const found = await lstat(path).catch(() => undefined);
    if (found?.isDirectory()) {
      for (const name of (await readdir(path)).sort()) await this.visit(join(path, name));
    } else if (found?.isFile() && this.#isChosen(path)) this.#files.add(path);
  }

  #isChosen(path: string): boolean {
    let chosen = false;
    for (const pattern of this.#patterns) if (chosen === pattern.excludes && pattern.matches(path)) chosen = !chosen;
    return chosen;
  }
}
