import { posix } from 'node:path';
import { type ListedFile, listTree, readBlobs } from '../git/commit-tree.ts';
import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import { describes, headBytes, isForeign } from './discovery/describing-files.ts';
import type { TreeListing } from './discovery/packed-tree.ts';

/** Files whose names are read, those in the fewest folders first, and characters of these names. */
const mostNames = { files: 20_000, characters: 2_000_000 };
/** Describing files whose texts are read; bytes of one, of one of which the head counts, and of all together. */
const bounds = { texts: 500, file: 250_000, head: 5_000_000, total: 1_000_000 };
/** The same of Python tests: a look at some of them tells how all are run. */
const testBounds = { texts: 100, file: 100_000, total: 1_000_000 };

/**
 * Reads what discovery needs of a commit from its mirror, without a checkout.
 * @param sha full id of a commit that the mirror has
 */
export async function readTree(mirror: Mirror, sha: string, options: UpdateOptions = {}): Promise<TreeListing> {
  const listed = await listTree(mirror.path, sha, options.signal);
  const ordered = byDepth(listed.files);
  const named = firstNames(ordered);
  const files = await withoutLinks(mirror, named, options);
  const describing = files.filter(({ path }) => ['whole', 'head'].includes(describes(path) ?? ''));
  const asked = describing.slice(0, bounds.texts);
  const isHead = ({ path }: ListedFile) => describes(path) === 'head';
  const whole = asked.filter((file) => !isHead(file)).map(({ id }) => id);
  const heads = asked.filter(isHead).map(({ id }) => id);
  const tests = files.filter(({ path }) => describes(path) === 'test').slice(0, testBounds.texts);
  const blobs = await readBlobs(mirror, [...whole, ...tests.map(({ id }) => id)], { file: bounds.file }, options);
  const head = { file: bounds.head, head: headBytes };
  for (const [id, text] of await readBlobs(mirror, heads, head, options)) blobs.set(id, text);
  const texts = [...within(bounds, asked, blobs)];
  const testTexts = within(testBounds, tests, blobs);
  return {
    files: files.map(({ path, kind }) => ({ path, executable: kind === 'executable' })),
    texts: [...texts, ...testTexts],
    isCut: listed.isCut || named.length < ordered.length || texts.length < describing.length,
  };
}

/** The texts of files, in their order, as far as each, and all of them together, are within bounds. */
function* within(
  { file: longest, total }: { file: number; total: number },
  files: readonly ListedFile[],
  blobs: ReadonlyMap<string, string | null>,
): Generator<[path: string, text: string]> {
  let left = total;
  for (const { path, id } of files) {
    const text = blobs.get(id);
    if (text === null || text === undefined || text.length > Math.min(longest, left)) continue;
    left -= text.length;
    yield [path, text];
  }
}

/** The files of the project itself, those in the fewest folders first. */
function byDepth(files: readonly ListedFile[]): ListedFile[] {
  /** undefined for what belongs to others */
  const depths = new Map<string, number | undefined>();
  const levels: ListedFile[][] = [];
  for (const file of files) {
    const folder = file.path.slice(0, Math.max(file.path.lastIndexOf('/'), 0));
    if (!depths.has(folder)) {
      const names = folder === '' ? [] : folder.split('/');
      depths.set(folder, names.some(isForeign) ? undefined : names.length);
    }
    const depth = depths.get(folder);
    if (depth === undefined) continue;
    const level = levels[depth] ?? [];
    levels[depth] = level;
    level.push(file);
  }
  return levels.flat();
}

function firstNames(files: readonly ListedFile[]): readonly ListedFile[] {
  let left = mostNames.characters;
  const first = files.slice(0, mostNames.files);
  const end = first.findIndex(({ path }) => {
    left -= path.length;
    return left < 0;
  });
  return end < 0 ? first : first.slice(0, end);
}

/** Each link to another file of the commit becomes a file like that one; other links are left out. */
async function withoutLinks(
  mirror: Mirror,
  files: readonly ListedFile[],
  options: UpdateOptions,
): Promise<ListedFile[]> {
  const links = files.filter(({ kind }) => kind === 'link').slice(0, bounds.texts);
  if (links.length === 0) return [...files];
  const targets = await readBlobs(
    mirror,
    links.map(({ id }) => id),
    { file: 4096 },
    options,
  );
  const byPath = new Map(files.map((file) => [file.path, file]));
  return files.flatMap((file) => {
    if (file.kind !== 'link') return [file];
    const target = byPath.get(posix.join(posix.dirname(file.path), targets.get(file.id) ?? '/'));
    return target === undefined || target.kind === 'link' ? [] : [{ ...target, path: file.path }];
  });
}
