import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openInside } from '../files/inside.ts';
import { walkInside } from '../files/walk.ts';
import { PathPatterns } from '../globs/path-patterns.ts';
import type { SearchBudget } from '../globs/search-budget.ts';

/**
 * What the expression `hashFiles(…)` comes to: SHA-256 over the SHA-256 of each file that the patterns choose, in the
 * order of their paths. The last pattern that speaks of a file decides; one that begins with `!` leaves it out; one that
 * chooses a folder chooses all that is in it. Links are not followed, and files outside of the workspace do not count.
 * @param root folder of the workspace
 * @param effort of the job
 * @returns hexadecimal, or empty where there is no such file
 * @throws StepFault where there are too many patterns or files
 */
export async function hashFiles(root: string, given: readonly string[], effort: SearchBudget): Promise<string> {
  const lines = given.flatMap((text) => text.split('\n'));
  // what is outside of the workspace does not count, the home neither
  const patterns = new PathPatterns(lines, { workspace: root, home: '/', trial: effort });
  const files = new Set<string>();
  for (const start of new Set([...patterns.paths, ...patterns.globBases])) {
    if (start !== root && !start.startsWith(root + sep)) continue;
    for await (const { path, isFile } of walkInside(root, relative(root, start))) {
      await effort.next();
      if (isFile && patterns.choose(join(root, path), true)) files.add(join(root, path));
    }
  }
  if (files.size === 0) return '';
  const result = createHash('sha256');
  for (const file of [...files].sort()) {
    const hash = createHash('sha256');
    // it may have become something else since it was looked at
    await pipeline(createReadStream('', { fd: openInside(root, file) }), hash);
    result.update(hash.digest());
  }
  return result.digest('hex');
}
