import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PathPatterns } from '../globs/path-patterns.ts';
import type { SearchEffort } from '../globs/search-effort.ts';
import { openUntrusted } from '../untrusted-file.ts';

/**
 * What the expression `hashFiles(…)` comes to: SHA-256 over the SHA-256 of each file that the patterns choose, in the
 * order of their paths. The last pattern that speaks of a file decides; one that begins with `!` leaves it out; one that
 * chooses a folder chooses all that is in it. Links are not followed, and files outside of the workspace do not count.
 * @param effort of the job
 * @returns hexadecimal, or empty where there is no such file
 * @throws StepFault where there are too many patterns or files
 */
export async function hashFiles(workspace: string, given: readonly string[], effort: SearchEffort): Promise<string> {
  const root = await realpath(workspace);
  const lines = given.flatMap((text) => text.split('\n'));
  // what is outside of the workspace does not count, the home neither
  const patterns = new PathPatterns(lines, { workspace: root, home: '/', trial: effort });
  const files = new Set<string>();
  const walk = new Walk(patterns, files, effort);
  for (const start of new Set([...patterns.paths, ...patterns.globBases])) {
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

class Walk {
  readonly #patterns: PathPatterns;
  readonly #files: Set<string>;
  readonly #effort: SearchEffort;

  constructor(patterns: PathPatterns, files: Set<string>, effort: SearchEffort) {
    this.#patterns = patterns;
    this.#files = files;
    this.#effort = effort;
  }

  async visit(path: string): Promise<void> {
    await this.#effort.next();
    const found = await lstat(path).catch(() => undefined);
    if (found?.isDirectory()) {
      for (const name of (await readdir(path)).sort()) await this.visit(join(path, name));
    } else if (found?.isFile() && this.#patterns.choose(path, true)) this.#files.add(path);
  }
}
