import { posix } from 'node:path';
import { type BlobBounds, type ListedFile, listTree, readBlobs } from '../git/commit-tree.ts';
import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import { describes, headBytes, isForeign } from './discovery/describing-files.ts';
import { mayHoldProject } from './discovery/discover.ts';
import type { TreeListing } from './discovery/packed-tree.ts';
import { settingsFile } from './discovery/settings.ts';

/** Files whose names are read, those in the fewest folders first, and characters of these names. */
const mostNames = { files: 20_000, characters: 2_000_000 };
/** Describing files whose texts are read; bytes of one, and of all together. */
const bounds = { texts: 500, file: 250_000, total: 1_000_000 };
/** Bytes of the files of which the head counts: git prints them in whole, and at most 64 MB. */
const headBounds = { file: 5_000_000, head: headBytes, total: 20_000_000 };
/** The same of Python tests: a look at some of them tells how all are run. */
const testBounds = { texts: 100, file: 100_000, total: 1_000_000 };

/** What discovery needs of a commit. */
export interface ReadTree extends TreeListing {
  /** whether a describing file is a link, so that its text may change without it */
  hasLinks: boolean;
}

/**
 * Reads what discovery needs of a commit from its mirror, without a checkout. What exceeds a bound is left out.
 * @param sha full id of a commit that the mirror has
 */
export async function readTree(mirror: Mirror, sha: string, options: UpdateOptions = {}): Promise<ReadTree> {
  const listed = await listTree(mirror.path, sha, options.signal);
  const ordered = byDepth(listed.files);
  const named = firstNames(ordered);
  const files = await withoutLinks(mirror, named, options);
  const describing = files.filter(isDescribing);
  const asked = describing.slice(0, bounds.texts);
  const isHead = ({ path }: ListedFile) => describes(path) === 'head';
  const tests = files.filter(({ path, kind }) => describes(path) === 'test' && kind !== 'link');
  const someTests = tests.slice(0, testBounds.texts);
  const read = (some: readonly ListedFile[], blobBounds: BlobBounds) =>
    readBlobs(
      mirror,
      some.map(({ id }) => id),
      blobBounds,
      options,
    );
  const whole = await read(
    asked.filter((file) => !isHead(file)),
    bounds,
  );
  const heads = await read(asked.filter(isHead), headBounds);
  const texts = [...within(bounds, asked, new Map([...whole, ...heads]))];
  const testTexts = within(testBounds, someTests, await read(someTests, testBounds));
  return {
    files: files.map(({ path, kind }) => ({ path, executable: kind === 'executable' })),
    texts: [...texts, ...testTexts],
    isCut: listed.isCut || named.length < ordered.length || texts.length < describing.length,
    hasLinks: named.some(({ path, kind }) => kind === 'link' && describes(path) !== undefined),
  };
}

/** Whether its text is read. A lock file tells something only of a folder that discovery searches. */
function isDescribing({ path, kind }: ListedFile): boolean {
  if (kind === 'link') return false;
  const form = describes(path);
  return form === 'whole' || (form === 'head' && mayHoldProject(posix.dirname(path)));
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

/**
 * Each link to another file of the commit becomes a file like that one; other links are left out. That of `.volt.yml` stays a
 * link, which is not followed.
 */
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
    if (file.kind !== 'link' || file.path === settingsFile) return [file];
    const target = byPath.get(posix.join(posix.dirname(file.path), targets.get(file.id) ?? '/'));
    return target === undefined || target.kind === 'link' ? [] : [{ ...target, path: file.path }];
  });
}
