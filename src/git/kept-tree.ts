import { copyFile, lstat, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { countEntries, type IndexSummary, indexedFiles, summarizeIndex } from './index-file.ts';
import { renewTimes } from './renewed-times.ts';
import { moveUnchanged, writeManifest } from './tree-manifest.ts';

/** With fewer files, git writes the commit sooner than kept files are checked. */
const fewest = 300;
/** Most files of attributes that are read, and most bytes of one. */
const mostAttributes = 100;
const longestAttributes = 100_000;

/** The unchanged files of an earlier checkout, for a later one of the same repository and trust class to begin from. */
export interface KeptTree {
  /** the files in new folders, without a repository */
  readonly folder: string;
  /** git's index of the whole commit */
  readonly index: string;
  /** see IndexSummary */
  readonly attributes: IndexSummary['attributes'];
}

/** A checkout that a job works in and whose unchanged files may be kept. */
export interface NotedTree extends KeptTree {
  readonly manifest: string;
  /** whether its repository's object ids have 32 bytes */
  readonly sha256: boolean;
}

/**
 * Notes which files a checkout has, before the job can reach it.
 * @param checkout as `checkOut` has left it
 * @param folder an empty folder that the job cannot reach, on the same file system
 * @returns undefined where changes of files could not be seen, and for a commit with submodules or filters, whose files
 * depend on more than the commit
 */
export async function noteTree(checkout: string, sha: string, folder: string): Promise<NotedTree | undefined> {
  const current = join(checkout, '.git', 'index');
  const sha256 = sha.length === 64;
  const summary = await summarizeIndex(current, sha256);
  if (!summary || summary.hasSubmodules || (await usesFilters(checkout, summary.attributes))) return undefined;
  const noted: NotedTree = {
    folder: join(folder, 'tree'),
    index: join(folder, 'index'),
    manifest: join(folder, 'manifest'),
    attributes: summary.attributes,
    sha256,
  };
  await copyFile(current, noted.index);
  return (await writeManifest(checkout, noted.manifest)) ? noted : undefined;
}

/** Whether a checkout has so many files that keeping them is worth it. */
export async function isLarge(checkout: string): Promise<boolean> {
  return (await countEntries(join(checkout, '.git', 'index'))) >= fewest;
}

/**
 * Moves the unchanged files out of a job's workspace when all processes of the job are gone. Only files that git has written
 * count: without a sandbox, another job may have changed the checkout before it was noted.
 * @returns their bytes; undefined where too few are left
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
 * Moves kept files and their index into a checkout, with the time of now.
 * @param checkout has nothing but `.git`
 */
export async function moveKept(kept: KeptTree, checkout: string, sha: string): Promise<void> {
  for (const name of await readdir(kept.folder)) await rename(join(kept.folder, name), join(checkout, name));
  const index = join(checkout, '.git', 'index');
  await rename(kept.index, index);
  await renewTimes(checkout, index, sha.length === 64);
}

/** Whether two commits have all their files written with the same filters. */
export function sameAttributes(a: IndexSummary['attributes'], b: IndexSummary['attributes']): boolean {
  return a.size === b.size && [...a].every(([path, id]) => b.get(path) === id);
}

async function usesFilters(checkout: string, attributes: IndexSummary['attributes']): Promise<boolean> {
  if (attributes.size > mostAttributes) return true;
  for (const path of attributes.keys()) {
    const file = join(checkout, path);
    const found = await lstat(file).catch(() => undefined);
    // git ignores one that is a link
    if (found?.isSymbolicLink()) continue;
    if (!found?.isFile() || found.size > longestAttributes) return true;
    if (/\bfilter\b/.test(await readFile(file, 'utf8'))) return true;
  }
  return false;
}
