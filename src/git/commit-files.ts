import { VoltError } from '../kernel/errors.ts';
import { git } from './command/git.ts';

export interface CommitFile {
  /** relative to the repository's root */
  path: string;
  /** null where the file exceeds the bounds, alone or together with those before it */
  text: string | null;
}

export interface FileBounds {
  /** bytes of one file */
  file: number;
  /** bytes of all files together, with their paths, as JSON */
  total: number;
  files: number;
}

/** Bytes of a list of files; a longer list counts as a file that is too large. */
const mostListed = 2_097_152;
/** Limits of git when it compares two commits: it keeps all paths in memory before it prints the first one. */
const comparing = { plain: true, limits: { memory: 268_435_456 }, mostOutput: 2_097_152, bound: 60_000 };

/** Texts by the id of their blob: many commits have the same files. */
const texts = new Map<string, string>();
const mostCached = 8_000_000;
let cached = 0;

/**
 * The files directly in the first of the folders that has any, read without a checkout. Only plain files count.
 * @param mirror path of the bare repository
 * @param sha full id of a commit in it
 * @param wanted pattern of the names that count
 */
export async function filesIn(
  mirror: string,
  sha: string,
  folders: readonly string[],
  wanted: Pick<RegExp, 'test'>,
  bounds: FileBounds,
): Promise<CommitFile[]> {
  const listed = ['ls-tree', '-z', '-l', sha, '--', ...folders.map((folder) => `${folder}/`)];
  const listing = await git(mirror, listed, { plain: true, mostOutput: mostListed }).catch((error) => {
    if (error instanceof VoltError && error.code === 'too_large') return undefined;
    throw error;
  });
  if (listing === undefined) return [{ path: `${folders[0]}/*`, text: null }];
  const entries = listing.split('\0').flatMap((line) => {
    const [, id = '', size = '', path = ''] = /^100(?:644|755) blob ([0-9a-f]+) +(\d+)\t(.*)$/s.exec(line) ?? [];
    return path === '' ? [] : [{ id, size: Number(size), path }];
  });
  for (const folder of folders) {
    const found = entries.filter(
      ({ path }) => path.startsWith(`${folder}/`) && wanted.test(path.slice(folder.length + 1)),
    );
    if (found.length > 0) return readAll(mirror, found.slice(0, bounds.files), bounds);
  }
  return [];
}

/**
 * The commits after `from` and up to `to`, along first parents, that change something in one of the folders.
 * @param from full id of a commit that is in the history of `to` along first parents
 */
export async function commitsThatChange(
  mirror: string,
  { from, to }: { from: string; to: string },
  folders: readonly string[],
): Promise<ReadonlySet<string>> {
  const output = await git(mirror, ['log', '--first-parent', '--format=%H', `${from}..${to}`, '--', ...folders], {
    plain: true,
  });
  return new Set(output.split('\n').filter((line) => line !== ''));
}

async function readAll(
  mirror: string,
  entries: { id: string; size: number; path: string }[],
  { file, total }: FileBounds,
): Promise<CommitFile[]> {
  let left = total - Buffer.byteLength(JSON.stringify(entries.map(({ path }) => path)));
  const files: CommitFile[] = [];
  for (const { id, size, path } of entries) {
    const text = size > file ? null : await readText(mirror, id);
    const bytes = text === null ? 0 : Buffer.byteLength(JSON.stringify(text));
    const fits = text !== null && bytes <= left;
    if (fits) left -= bytes;
    files.push({ path, text: fits ? text : null });
  }
  return files;
}

async function readText(mirror: string, id: string): Promise<string> {
  const known = texts.get(id);
  if (known !== undefined) return known;
  const text = await git(mirror, ['cat-file', 'blob', id], { plain: true });
  texts.set(id, text);
  cached += text.length;
  for (const [oldest, value] of texts) {
    if (cached <= mostCached) break;
    texts.delete(oldest);
    cached -= value.length;
  }
  return text;
}

/**
 * Paths that differ between two commits, with both paths of a renamed file.
 * @returns null where there are more than `most`, or git cannot tell
 */
export async function changedPaths(
  mirror: string,
  before: string,
  after: string,
  most: number,
): Promise<string[] | null> {
  const range = ['--no-renames', '--name-only', '-r', '-z', before, after, '--'];
  const output = await git(mirror, ['diff-tree', ...range], comparing).catch(() => null);
  if (output === null) return null;
  const paths = output.split('\0').filter((path) => path !== '');
  return paths.length > most ? null : paths;
}
