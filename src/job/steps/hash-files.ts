import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openInside } from '../files/inside.ts';
import { walkInside } from '../files/walk.ts';
import { PathPatterns } from '../globs/path-patterns.ts';
import type { SearchBudget } from '../globs/search-budget.ts';

/**
 * The value of the expression `hashFiles(…)`: SHA-256 over the SHA-256 of each file that the patterns choose, in the
 * order of their paths. The last pattern that matches a file decides; one that begins with `!` excludes it; one that
 * matches a folder chooses all in it. Links are not followed, and files outside the workspace do not count.
 * @param root folder of the workspace
 * @param budget of the job
 * @returns hexadecimal, or empty if there is no such file
 * @throws StepFault if there are too many patterns or files
 */
export async function hashFiles(root: string, given: readonly string[], budget: SearchBudget): Promise<string> {
  const lines = given.flatMap((text) => text.split('\n'));
  // files outside the workspace do not count, the home included
  const patterns = new PathPatterns(lines, { workspace: root, home: '/', cost: budget });
  const files = new Set<string>();
  for (const start of new Set([...patterns.paths, ...patterns.globBases])) {
    if (start !== root && !start.startsWith(root + sep)) continue;
    for await (const { path, isFile } of walkInside(root, relative(root, start))) {
      await budget.next();
      if (isFile && patterns.choose(join(root, path), true)) files.add(join(root, path));
    }
  }
  if (files.size === 0) return '';
  const result = createHash('sha256');
  for (const file of [...files].sort()) {
    const hash = createHash('sha256');
    // the file may have been replaced since it was found
    await pipeline(createReadStream('', { fd: openInside(root, file) }), hash);
    result.update(hash.digest());
  }
  return result.digest('hex');
}
