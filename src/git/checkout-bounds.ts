import { VoltError } from '../kernel/errors.ts';
import { sizeText } from '../kernel/sizes.ts';
import type { OutputCount } from './command/counted-output.ts';
import { type GitOptions, git, withoutRemote } from './command/git.ts';

/** Limits for the files of a commit and for the bytes of their paths, which git keeps in memory. */
const most: OutputCount = { entries: 2_000_000, bytes: 268_435_456 };

/** Milliseconds before the files are counted, which takes a process. What is written faster is no bomb. */
const unsuspicious = 100;

/**
 * Lets git write a commit's files, and stops it if they are too many. A commit of some hundred bytes can have more files than there
 * are atoms: each folder contains the same folder ten times. So if writing takes longer than a moment, another process counts the
 * files, which takes no memory and is many times faster than writing.
 * @param repository has the commit
 * @param work writes the files; gets a signal to use instead of that in the options
 * @throws VoltError `too_large`
 */
export async function withinBounds<T>(
  repository: string,
  sha: string,
  options: GitOptions,
  work: (signal: AbortSignal) => Promise<T>,
  bounds: OutputCount = most,
): Promise<T> {
  const over = new AbortController();
  const stop = new AbortController();
  const signals = (own: AbortSignal) => (options.signal ? AbortSignal.any([options.signal, own]) : own);
  let counting: Promise<void> | undefined;
  const timer = setTimeout(() => {
    counting = checkSize(repository, sha, { ...options, signal: signals(over.signal) }, bounds).catch((error) => {
      // other errors also occur while the files are written, and are reported there
      if (error instanceof VoltError && error.code === 'too_large') stop.abort(error);
    });
  }, unsuspicious);
  try {
    return await work(signals(stop.signal));
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    clearTimeout(timer);
    over.abort();
    await counting;
  }
}

/** @throws VoltError `too_large` where a commit has more files than that, `git_failed` */
export async function checkSize(
  repository: string,
  sha: string,
  options: GitOptions,
  bounds: OutputCount = most,
): Promise<void> {
  const args = ['ls-tree', '-r', '-z', '--name-only', '--full-tree', sha];
  const local = { ...withoutRemote(options), plain: true, silence: 600_000, counted: bounds };
  const [entries = 0, bytes = 0] = (await git(repository, args, local)).split(' ').map(Number);
  const tooMuch =
    entries > bounds.entries
      ? `more than ${bounds.entries.toLocaleString('en')} files`
      : bytes > bounds.bytes
        ? `files whose paths have more than ${sizeText(bounds.bytes)} together`
        : undefined;
  if (tooMuch === undefined) return;
  const message = `the commit ${sha.slice(0, 12)} has ${tooMuch}, which is more than Volt checks out`;
  const remedy = 'Find the folders with that many files: git ls-tree -r -t <commit>.';
  throw new VoltError('too_large', message, { remedy });
}
