import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { systemCode, VoltError } from '../kernel/errors.ts';
import type { ConfigEntry } from './access/credential-files.ts';
import type { FetchPolicy } from './access/fetch-policy.ts';
import { withinBounds } from './checkout-bounds.ts';
import { configValue } from './command/config-file.ts';
import { type GitOptions, git, withoutRemote } from './command/git.ts';
import { messagesOf } from './command/messages.ts';
import { summarizeIndex } from './index-file.ts';
import { type KeptTree, moveKept, sameAttributes } from './kept-tree.ts';
import {
  checkLfsSize,
  disabledFilters,
  lfsFilter,
  lfsServer,
  lfsStorage,
  needsLfs,
  refuseLfs,
  requireLfs,
} from './lfs.ts';
import { type MergePair, requireMerge } from './merge.ts';
import { reportsEmptyObject } from './mirror/damage.ts';
import type { Mirror } from './mirror/mirror.ts';
import { removeMirror } from './mirror/prune.ts';
import type { UpdateOptions } from './mirror/update.ts';

/**
 * Several processes write a large number of files: on two cores 20,000 files of 300 MB take 4.2 s instead of 7.0 s. A small number
 * is written before the processes would have started.
 */
const parallel: readonly ConfigEntry[] = [
  ['checkout.workers', String(Math.min(availableParallelism(), 8))],
  ['checkout.thresholdForParallelism', '1000'],
];

/** One file with the whole index, whatever the user's own configuration says. */
const plainIndex: readonly ConfigEntry[] = [
  ['core.splitIndex', 'false'],
  ['core.untrackedCache', 'false'],
];

/** Nobody reads the reflog of a job's checkout, and writing it takes five files and folders. */
const unlogged: ConfigEntry = ['core.logAllRefUpdates', 'false'];

export interface CheckoutTarget {
  /** address of the repository, as users see it */
  url: string;
  /** full name; `refs/heads/…` becomes a branch, anything else a detached HEAD */
  ref: string;
  sha: string;
  /** what the commit merges, where Volt has made it for a pull request: no server has it, so it is made again where it is missing */
  merge?: MergePair | undefined;
  /** missing or empty */
  folder: string;
  /** files of an earlier checkout to begin from; they are used up */
  kept?: KeptTree | undefined;
}

export interface CheckoutOptions extends UpdateOptions {
  /** which other servers files of Git LFS can be fetched from; undefined for none */
  fetchPolicy?: FetchPolicy | undefined;
}

/**
 * Checks a commit out into a new folder, as a repository of its own that borrows the mirror's objects. The repository
 * is written by hand (see gitrepository-layout(5)): that takes no process, and nothing of a template or of an earlier job can be in
 * it. Files in Git LFS are fetched, too. The result is the same with kept files and without.
 * @throws VoltError `fetch_failed`, `commit_missing`, `git_failed`, `too_large` for a commit beyond the limits,
 * `tool_missing` if it needs git-lfs, which is not installed, `address_refused` if its LFS server is not allowed
 */
export async function checkOut(mirror: Mirror, target: CheckoutTarget, options: CheckoutOptions = {}): Promise<void> {
  if (mirror.isPart || target.merge) await bring(mirror, target, options);
  // before the checkout borrows from it: a mirror in use is not removed
  await mirror.markUsed();
  if (target.kept && (await bringUpToDate(mirror, target, target.kept, options))) return;
  layOut(mirror, target);
  await populate(mirror, target, options);
}

/** Makes sure that the mirror has the commit with its history and files. */
async function bring(mirror: Mirror, { sha, merge }: CheckoutTarget, options: UpdateOptions): Promise<void> {
  if (merge) await requireMerge(mirror, { ...merge, commit: sha }, options);
  await mirror.require(sha, options);
}

/** Synchronous: these are a few small files, and writing one is faster than a round trip to another thread. */
function layOut(mirror: Mirror, { url, ref, sha, folder }: CheckoutTarget): void {
  const dir = join(folder, '.git');
  const isBranch = ref.startsWith('refs/heads/');
  mkdirSync(join(dir, 'objects', 'info'), { recursive: true });
  mkdirSync(isBranch ? dirname(join(dir, ref)) : join(dir, 'refs', 'heads'), { recursive: true });
  writeFileSync(join(dir, 'objects', 'info', 'alternates'), `${join(mirror.path, 'objects')}\n`);
  writeFileSync(join(dir, 'config'), configuration(url, sha, lacking(mirror)));
  copyEnds(join(mirror.path, 'shallow'), join(dir, 'shallow'));
  if (isBranch) writeFileSync(join(dir, ref), `${sha}\n`);
  writeFileSync(join(dir, 'HEAD'), isBranch ? `ref: ${ref}\n` : `${sha}\n`);
}

/** The checkout's history ends where the mirror's does. Another process may be deepening the mirror right now. */
function copyEnds(from: string, to: string): void {
  try {
    copyFileSync(from, to);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

/**
 * Has git write the files that are missing among the kept ones, or differ. With other attributes git would write other files
 * differently as well.
 * @returns false where that does not lead to the commit's files; then the folder is empty again
 */
async function bringUpToDate(
  mirror: Mirror,
  target: CheckoutTarget,
  kept: KeptTree,
  options: GitOptions,
): Promise<boolean> {
  const { folder, sha } = target;
  layOut(mirror, target);
  try {
    await moveKept(kept, folder, sha);
    await writePresent(mirror, target, options);
    const now = await summarizeIndex(join(folder, '.git', 'index'), sha.length === 64);
    if (now && sameAttributes(now.attributes, kept.attributes)) return true;
  } catch (error) {
    if (options.signal?.aborted || (error instanceof VoltError && error.code !== 'git_failed')) throw error;
  }
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
  return false;
}

async function populate(mirror: Mirror, target: CheckoutTarget, options: CheckoutOptions): Promise<void> {
  const { url, sha, folder } = target;
  try {
    await writePresent(mirror, target, options);
  } catch (error) {
    if (!needsLfs(error)) throw error;
    await requireLfs(folder, options);
    const config = join(folder, '.git', 'config');
    const lfs = [...lacking(mirror), ...lfsFilter, ...lfsStorage(mirror.path)];
    await writeFile(config, configuration(url, sha, lfs));
    await checkLfsSize(folder, sha, options);
    const server = await lfsServer({ folder, url, sha }, options);
    await writeFile(config, configuration(url, sha, [...lfs, ...server.config]));
    await write(mirror, target, await disabledFilters(options), { ...options, ...server.options, plain: false });
    // files that a job fetches itself go to its own folder
    await writeFile(config, configuration(url, sha, [...lacking(mirror), ...lfsFilter]));
  }
}

/** What git prints when it misses an object, or finds its file empty. */
const missing =
  /Could not parse object|Failed to resolve|bad object|unable to read (tree|sha1 file)|unable to normalize alternate|unable to find|not a valid object|object file \S+ is empty/i;

/** Times that the files are written at most: another process may remove a damaged or unused mirror in between. */
const mostWrites = 3;

/**
 * Writes the files, and fetches the commit first where the mirror does not have it. Only git's messages say whether the
 * mirror had the commit: another job may have fetched it since, or removed a damaged mirror.
 */
async function writePresent(mirror: Mirror, target: CheckoutTarget, options: GitOptions): Promise<void> {
  // reading the mirror needs no credential
  const local = withoutRemote(options);
  for (let attempt = 1; ; attempt++) {
    try {
      return await write(mirror, target, refuseLfs, local);
    } catch (error) {
      const messages = messagesOf(error);
      const isDamaged = () => reportsEmptyObject(messages, mirror.path);
      if (attempt === mostWrites || needsLfs(error) || !missing.test(messages)) throw error;
      // its damaged object would count as the commit's; another job may have made the mirror anew meanwhile
      if (isDamaged()) await removeMirror(mirror.path, isDamaged);
      await bring(mirror, target, options);
    }
  }
}

/** Ignores the configuration of the machine's user by default: it may name programs, and a commit chooses among them. */
async function write(
  mirror: Mirror,
  { folder, sha }: CheckoutTarget,
  config: readonly ConfigEntry[],
  options: GitOptions,
): Promise<void> {
  const all = [...parallel, ...plainIndex, unlogged, ...config];
  await withinBounds(mirror.path, sha, options, (signal) =>
    git(folder, ['reset', '--hard', sha, '--'], { silence: 600_000, plain: true, ...options, signal, config: all }),
  );
}

/** Lets git accept that files of other commits are missing, and fetch them itself if the job can reach the remote. */
function lacking(mirror: Mirror): string[] {
  return mirror.isPartial ? ['[remote "origin"]', '\tpromisor = true', '\tpartialclonefilter = blob:none'] : [];
}

/** @param more further lines */
function configuration(url: string, sha: string, more: readonly string[] = []): string {
  const sha256 = sha.length === 64;
  return [
    '[core]',
    `\trepositoryformatversion = ${sha256 ? 1 : 0}`,
    '\tfilemode = true',
    '\tbare = false',
    '\tlogallrefupdates = true',
    // files are moved and change their owner after git has written them, so git must only compare times and sizes
    '\ttrustctime = false',
    '\tcheckStat = minimal',
    ...(sha256 ? ['[extensions]', '\tobjectformat = sha256'] : []),
    '[remote "origin"]',
    `\turl = ${configValue(url)}`,
    '\tfetch = +refs/heads/*:refs/remotes/origin/*',
    '[gc]',
    '\tauto = 0',
    ...more,
    '',
  ].join('\n');
}
