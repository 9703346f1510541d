import { copyFile, lstat, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { countEntries, type IndexSummary, indexedFiles, summarizeIndex } from './index-file.ts';
import { renewTimes } from './renewed-times.ts';
import { moveUnchanged, writeManifest } from './tree-manifest.ts';

/**
 * A commit of fewer files is written as soon as what is left of an earlier checkout is looked through.
 */
const fewest = 300;
/** Files of attributes that are read for what is in them, and bytes that one may have. */
const mostAttributes = 100;
const longestAttributes = 100_000;

/** What an earlier checkout has left that nobody has changed, for a later one to begin from. */
export interface KeptTree {
  /** its files, but for those that were changed, in folders that are new; without a repository */
  readonly folder: string;
  /** git's index of all that the commit has */
  readonly index: string;
  /** see IndexSummary */
  readonly attributes: IndexSummary['attributes'];
}

/** A checkout that a job works in, of which something may be kept. */
export interface NotedTree extends KeptTree {
  readonly manifest: string;
  /** whether its repository's object ids have 32 bytes */
  readonly sha256: boolean;
}

/**
 * Notes what a checkout is before the job can reach it. It is not worth it for few files; and what git writes of a file
 * depends on more than the commit where filters are used, or where other repositories are in it.
 * @param checkout as `checkOut` has left it
 * @param place an empty folder that the job cannot reach, on the same file system
 */
export async function noteTree(checkout: string, sha: string, place: string): Promise<NotedTree | undefined> {
  const current = join(checkout, '.git', 'index');
  const sha256 = sha.length === 64;
  const summary = await summarizeIndex(current, sha256);
  if (!summary || summary.hasSubmodules || (await usesFilters(checkout, summary.attributes))) return undefined;
  const noted: NotedTree = {
    folder: join(place, 'tree'),
    index: join(place, 'index'),
    manifest: join(place, 'manifest'),
    attributes: summary.attributes,
    sha256,
  };
  await copyFile(current, noted.index);
  return (await writeManifest(checkout, noted.manifest)) ? noted : undefined;
}

/** Whether a checkout has so many files that it may be worth to keep it. */
export async function isLarge(checkout: string): Promise<boolean> {
  return (await countEntries(join(checkout, '.git', 'index'))) >= fewest;
}

/**
 * Takes out of a job's workspace what is as it was noted, when all processes of the job are gone, and of that only what git
 * has written: where nothing keeps jobs apart, another one may have been at work in the checkout before it was noted.
 * @returns its bytes; undefined where too little is left to be worth anything
 */
export async function keepUnchanged(noted: NotedTree, workspace: string): Promise<number | undefined> {
  const written = await indexedFiles(noted.index, noted.sha256);
  const { files, bytes } = await moveUnchanged(noted.manifest, workspace, noted.folder, (path, { size, mtimeNs }) => {
    const entry = written.get(path);
    return entry?.modified === mtimeNs && entry.size === Number(BigInt.asUintN(32, size));
  });
  return files < fewest ? undefined : bytes;
}

/**
 * Puts what was kept to where a repository is laid out, as files that are written now.
 * @param checkout has nothing but `.git`
 */
export async function placeKept(kept: KeptTree, checkout: string, sha: string): Promise<void> {
  for (const name of await readdir(kept.folder)) await rename(join(kept.folder, name), join(checkout, name));
  const index = join(checkout, '.git', 'index');
  await rename(kept.index, index);
  await renewTimes(checkout, index, sha.length === 64);
}

/** Whether two commits have all their files written in the same way. */
export function sameAttributes(a: IndexSummary['attributes'], b: IndexSummary['attributes']): boolean {
  return a.size === b.size && [...a].every(([path, id]) => b.get(path) === id);
}

async function usesFilters(checkout: string, attributes: IndexSummary['attributes']): Promise<boolean> {
  if (attributes.size > mostAttributes) return true;
  for (const path of attributes.keys()) {
    const file = join(checkout, path);
    const found = await lstat(file).catch(() => undefined);
    // git does not heed one that is a link
    if (found?.isSymbolicLink()) continue;
    if (!found?.isFile() || found.size > longestAttributes) return true;
    if (/\bfilter\b/.test(await readFile(file, 'utf8'))) return true;
  }
  return false;
}
