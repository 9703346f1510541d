import { VoltError } from '../kernel/errors.ts';
import { git } from './command/git.ts';
import type { Mirror } from './mirror/mirror.ts';
import type { UpdateOptions } from './mirror/update.ts';

export interface ListedFile {
  /** relative to the root of the repository */
  path: string;
  kind: 'file' | 'executable' | 'link';
  /** id of its blob */
  id: string;
}

/** Bytes of the list of a commit's files, of some 300,000 of them; git takes 0.3 s for so many. */
const mostListed = 32 * 1024 * 1024;

/**
 * The files of a commit at any depth, in the order of their paths, without submodules. Of a commit with more files than
 * Volt reads, those in the root alone.
 * @param mirror path of the bare repository
 * @param sha full id of a commit in it
 */
export async function listTree(
  mirror: string,
  sha: string,
  signal?: AbortSignal,
): Promise<{ files: ListedFile[]; isCut: boolean }> {
  const list = async (...flags: string[]) =>
    filesOf(await git(mirror, ['ls-tree', ...flags, '-z', sha], { plain: true, mostOutput: mostListed, signal }));
  try {
    return { files: await list('-r'), isCut: false };
  } catch (error) {
    if (!(error instanceof VoltError && error.code === 'too_large')) throw error;
    return { files: await list(), isCut: true };
  }
}

/** Files of a commit by their paths; those that it does not have are left out. @param commit a full id or ref */
export async function listFiles(
  mirror: string,
  commit: string,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<ListedFile[]> {
  return filesOf(await git(mirror, ['ls-tree', '-z', commit, '--', ...paths], { plain: true, signal }));
}

/**
 * The commits after `from` and up to `to`, along first parents, whose list of files is another one than that of the commit
 * before, or that change a file that matters.
 * @param from full id of a commit that is in the history of `to` along first parents
 * @returns null where git cannot tell, or there is too much to tell
 */
export async function commitsThatChangeFiles(
  mirror: string,
  { from, to }: { from: string; to: string },
  matters: (path: string) => boolean,
): Promise<ReadonlySet<string> | null> {
  const flags = ['-m', '--first-parent', '--no-renames', '--raw', '--no-abbrev', '-z', '--format=commit %H'];
  const output = await git(mirror, ['log', ...flags, `${from}..${to}`, '--'], {
    ...{ plain: true, limits: { memory: 268_435_456 }, mostOutput: mostListed },
  }).catch(() => null);
  if (output === null) return null;
  const changing = new Set<string>();
  let commit = '';
  const parts = output.split('\0');
  for (let at = 0; at < parts.length; at++) {
    const part = (parts[at] as string).trimStart();
    if (part.startsWith('commit ')) commit = part.slice('commit '.length);
    const [, before, after] = /^:(\d{6}) (\d{6}) [0-9a-f]+ [0-9a-f]+ [A-Z]$/.exec(part) ?? [];
    if (before === undefined) continue;
    const path = parts[++at] ?? '';
    if (before !== after || before === '120000' || matters(path)) changing.add(commit);
  }
  return changing;
}

const kinds: { [mode: string]: ListedFile['kind'] } = {
  100644: 'file',
  100664: 'file',
  100755: 'executable',
  120000: 'link',
};

/** Cuts by hand, since a listing may have a hundred thousand lines such as `100644 blob <id>\t<path>`. */
function filesOf(listing: string): ListedFile[] {
  const files: ListedFile[] = [];
  for (let at = 0; at < listing.length; ) {
    const end = listing.indexOf('\0', at);
    const tab = listing.indexOf('\t', at);
    const kind = kinds[listing.slice(at, at + 6)];
    const path = listing.slice(tab + 1, end);
    if (kind !== undefined && !isStrange(path)) files.push({ path, kind, id: listing.slice(at + 12, tab) });
    at = end + 1;
  }
  return files;
}

/** Whether a path has a part that git itself never makes: an empty one, `.` or `..`. */
function isStrange(path: string): boolean {
  if (!path.includes('./') && !path.includes('//') && !/^[./]|[./]$/.test(path)) return false;
  return /(^|\/)(\.{0,2})(\/|$)/.test(path);
}

/** How much of a file is read. */
export interface BlobBounds {
  /** bytes of a file; a larger one has no text */
  file: number;
  /** bytes that are kept of it */
  head?: number;
  /** bytes of all files together, also of those of which only the head is kept: git prints each in whole */
  total?: number;
}

/** A text that was read before; null where it is too large. */
interface Known {
  text: string | null;
  /** bytes of the whole file */
  size: number;
}

/** By the id of their blob and their head: many commits have the same files. */
const texts = new Map<string, Known>();
const mostCached = 8_000_000;
let cached = 0;

/**
 * The texts of files. Those that a mirror with a filter does not have are fetched first.
 * @param ids of their blobs, those that matter most first
 * @returns for each id its text, null where the file is too large; without those that exceed the total
 */
export async function readBlobs(
  mirror: Mirror,
  ids: Iterable<string>,
  { file, head = file, total = Number.POSITIVE_INFINITY }: BlobBounds,
  options: UpdateOptions = {},
): Promise<Map<string, string | null>> {
  const all = [...new Set(ids)];
  const known = new Map(all.map((id) => [id, texts.get(`${id} ${head}`)]));
  const unknown = all.filter((id) => known.get(id) === undefined);
  const sizes = unknown.length === 0 ? new Map<string, number>() : await sizesOfBlobs(mirror, unknown, options);
  const found = new Map<string, string | null>();
  const remember = (id: string, text: string | null, size: number) => {
    found.set(id, text);
    cache(`${id} ${head}`, { text, size });
  };
  const wanted: string[] = [];
  let left = total;
  for (const id of all) {
    const before = known.get(id);
    const size = before?.size ?? sizes.get(id) ?? 0;
    if (size > file) remember(id, null, size);
    else if (size <= left) {
      left -= size;
      if (before) found.set(id, before.text);
      else wanted.push(id);
    }
  }
  const bytes = wanted.length === 0 ? Buffer.alloc(0) : await ask(mirror.path, '--batch', wanted, options.signal);
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\n', at);
    const [, id = '', size = '0'] = /^([0-9a-f]+) blob (\d+)$/.exec(bytes.toString('latin1', at, end)) ?? [];
    remember(id, bytes.toString('utf8', end + 1, end + 1 + Math.min(Number(size), head)), Number(size));
    at = end + 2 + Number(size);
  }
  return found;
}

/** The sizes of files in bytes, by their ids. Those that a mirror with a filter does not have are fetched first. */
export async function sizesOfBlobs(
  mirror: Mirror,
  ids: readonly string[],
  options: UpdateOptions,
): Promise<ReadonlyMap<string, number>> {
  const read = async () => (await ask(mirror.path, '--batch-check', ids, options.signal)).toString('latin1');
  let listed = await read();
  const missing = [...listed.matchAll(/^([0-9a-f]+) missing$/gm)].map(([, id = '']) => id);
  if (missing.length > 0) {
    await mirror.fetchFiles(missing, options);
    listed = await read();
  }
  return new Map([...listed.matchAll(/^([0-9a-f]+) blob (\d+)$/gm)].map(([, id = '', size]) => [id, Number(size)]));
}

/** Asks `git cat-file` about blobs. */
async function ask(mirror: string, form: string, ids: readonly string[], signal?: AbortSignal): Promise<Buffer> {
  const input = [`${ids.join('\n')}\n`];
  const answer = await git(mirror, ['cat-file', form], {
    plain: true,
    signal,
    conversation: { input, isBinary: true },
  });
  return Buffer.from(answer, 'latin1');
}

function cache(key: string, known: Known): void {
  cached += (known.text?.length ?? 0) - (texts.get(key)?.text?.length ?? 0);
  texts.set(key, known);
  for (const [oldest, { text }] of texts) {
    if (cached <= mostCached) break;
    texts.delete(oldest);
    cached -= text?.length ?? 0;
  }
}
