import { VoltError } from '../kernel/errors.ts';
import { type GitOptions, git, withoutRemote } from './command/git.ts';
import { sizesOfBlobs } from './commit-tree.ts';
import type { Mirror } from './mirror/mirror.ts';
import type { UpdateOptions } from './mirror/update.ts';

/** A file that differs between two commits. */
export interface ChangedFile {
  path: string;
  status: 'added' | 'changed' | 'removed';
  /** as `git diff` shows it; null where it is too long, or its path is not UTF-8 */
  diff: string | null;
}

export interface ChangeBounds {
  /** files that are compared; further ones have no diff */
  files: number;
  /** bytes of the diff of one file, and of a file that is compared */
  diff: number;
  /** bytes of all diffs together */
  total: number;
  /** Which files come first, so that others cannot use up the room for them. */
  isFirst?(path: string): boolean;
}

/** Bytes of the list of changed files: of some 100,000 of them. */
const mostListed = 16 * 1024 * 1024;

const statuses: { [letter: string]: ChangedFile['status'] } = { A: 'added', D: 'removed' };

/**
 * The files that differ between two commits, by path, the first ones before the others, with their diffs. Attributes of files hide nothing.
 * @param pair full ids of commits in the mirror
 * @param globs pathspecs of git with the magic `glob`
 * @returns also the lines of git that name their modes and blobs, which tell one set of changes from another
 * @throws VoltError `too_large` where more files differ than can be listed, `git_failed`, `fetch_failed`
 */
export async function changedFiles(
  mirror: Mirror,
  { from, to }: { from: string; to: string },
  globs: readonly string[],
  { files: most, diff, total, isFirst = () => false }: ChangeBounds,
  options: UpdateOptions = {},
): Promise<{ files: ChangedFile[]; listing: string }> {
  const local: GitOptions = { ...withoutRemote(options), plain: true };
  const compare = (flags: string[], specs: readonly string[], mostOutput: number) =>
    git(mirror.path, ['diff-tree', '-r', '--no-renames', '--no-ext-diff', ...flags, from, to, '--', ...specs], {
      ...{ ...local, mostOutput },
    });
  const specs = globs.map((glob) => `:(glob)${glob}`);
  const listing = await compare(['--raw', '--no-abbrev', '-z'], specs, mostListed);
  const found = [...listing.matchAll(/:\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) ([A-Z])\0([^\0]*)\0/g)].map(
    ([, before = '', after = '', letter = '', path = '']) => ({ before, after, letter, path }),
  );
  const listed = [...found.filter(({ path }) => isFirst(path)), ...found.filter(({ path }) => !isFirst(path))];
  const compared = listed.slice(0, most);
  const blobs = compared.flatMap(({ before, after }) => [before, after].filter((id) => !/^0+$/.test(id)));
  const sizes = blobs.length === 0 ? new Map<string, number>() : await sizesOfBlobs(mirror, blobs, options);
  let left = total;
  const files: ChangedFile[] = [];
  for (const [index, { before, after, letter, path }] of listed.entries()) {
    const file = { path, status: statuses[letter] ?? ('changed' as const) };
    const isLarge = [before, after].some((id) => (sizes.get(id) ?? 0) > diff);
    const shown = index < most && !isLarge ? await textOf(path, Math.min(diff, left)) : null;
    // git does not find a path that is not UTF-8
    const text = shown === '' && before !== after ? null : shown;
    left -= text === null ? 0 : Buffer.byteLength(text);
    files.push({ ...file, diff: text });
  }
  return { files, listing };

  /** The diff of one file, without git's lines about the files. */
  async function textOf(path: string, room: number): Promise<string | null> {
    try {
      const patch = await compare(['-p', '--text', '--no-textconv', '--no-color'], [`:(literal)${path}`], room);
      const start = patch.search(/^@@ /m);
      return start < 0 ? '' : patch.slice(start);
    } catch (error) {
      if (error instanceof VoltError && error.code === 'too_large') return null;
      throw error;
    }
  }
}
