import { join } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import type { ConfigEntry } from './access.ts';
import { configValue } from './config-file.ts';
import type { Reach } from './reach.ts';
import { type GitOptions, git, locally } from './run.ts';
import { serverOf } from './server.ts';
import { saidBy } from './words.ts';

/**
 * A filter that ends git at the first file that is kept in Git LFS. What the attributes of a commit say of its files is
 * known only when they are written, so this is how a commit that needs LFS is told from one that does not, at no cost
 * for the latter. The user's own filter of that name does not count meanwhile.
 */
export const refuseLfs: readonly ConfigEntry[] = [
  ['filter.lfs.process', ''],
  ['filter.lfs.smudge', 'false'],
  ['filter.lfs.clean', 'false'],
  ['filter.lfs.required', 'true'],
];

/** Whether git was ended by that filter. */
export function needsLfs(error: unknown): boolean {
  return error instanceof VoltError && /smudge filter lfs failed/.test(saidBy(error));
}

/** The filter that fetches files from Git LFS, as lines of a repository's configuration file. */
export const lfsFilter: readonly string[] = [
  '[filter "lfs"]',
  '\tprocess = git-lfs filter-process',
  '\tsmudge = git-lfs smudge -- %f',
  '\tclean = git-lfs clean -- %f',
  '\trequired = true',
];

/**
 * Lines that have git-lfs keep what it fetches beside a mirror, where all checkouts of the repository find it. They must
 * be in a file: in the environment they would hold for a repository on this machine as well, which is fetched from.
 */
export function lfsStorage(mirrorPath: string): string[] {
  return ['[lfs]', `\tstorage = ${configValue(join(mirrorPath, 'lfs'))}`];
}

/** @throws VoltError `tool_missing` where git-lfs is not installed */
export async function requireLfs(folder: string, options: GitOptions): Promise<void> {
  await git(folder, ['lfs', 'version'], { signal: options.signal, runner: options.runner }).catch((error) => {
    if (options.signal?.aborted) throw error;
    throw new VoltError('tool_missing', 'the commit keeps files in Git LFS, and git-lfs is not on this machine', {
      remedy: 'Install it where runners are (Debian, Ubuntu: apt-get install git-lfs).',
      cause: error,
    });
  });
}

/** A commit may have so many files in LFS, of so many bytes together. */
const mostFiles = 100_000;
const mostBytes = 34_359_738_368;

/**
 * Looks what a commit says of its files in LFS, before any is fetched.
 * @throws VoltError `too_large`
 */
export async function checkLfsSize(folder: string, sha: string, options: GitOptions): Promise<void> {
  const listed = await git(folder, ['lfs', 'ls-files', '--debug', sha], { ...locally(options), plain: true });
  const sizes = [...listed.matchAll(/^ +size: (\d+)$/gm)].map(([, size]) => Number(size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (sizes.length <= mostFiles && bytes <= mostBytes) return;
  const MB = (count: number) => `${Math.round(count / 1_048_576)} MB in Git LFS`;
  const what =
    bytes > mostBytes ? `${MB(bytes)}, and ${MB(mostBytes)}` : `${sizes.length} files in Git LFS, and ${mostFiles}`;
  throw new VoltError('too_large', `the commit has ${what} are checked out at most`, {
    remedy: 'Take out of the commit what its tests do not need.',
  });
}

/**
 * Which server a commit's files in LFS are fetched from, and with what. A commit may name one in `.lfsconfig`, and
 * git-lfs would go there with all that the machine's user has; so it is told where to go by what comes before that file.
 * @throws VoltError `address_refused`
 */
export async function lfsServer(
  { folder, url, sha }: { folder: string; url: string; sha: string },
  options: GitOptions & { reach?: Reach | undefined },
): Promise<{ config: string[]; options: GitOptions }> {
  const { reach, ...usual } = options;
  const local = { signal: options.signal, runner: options.runner, plain: true, mostOutput: 1_048_576 };
  const hasFile = (await git(folder, ['ls-tree', '-z', '--full-tree', sha, '--', '.lfsconfig'], local)) !== '';
  const written = async (key: string) =>
    git(folder, ['config', '--blob', `${sha}:.lfsconfig`, '--get', key], local).then(
      (value) => value.trim(),
      () => '',
    );
  const named = hasFile ? (await written('lfs.url')) || (await written('remote.origin.lfsurl')) : '';
  const own = usualServer(url);
  const at = (address: string) => ['[lfs]', `\turl = ${configValue(address)}`];
  if (options.stranger === undefined && (named === '' || named === own))
    return { config: hasFile ? at(own) : [], options: usual };
  const address = named || own;
  if (!reach || !serverOf(address)) {
    throw new VoltError('address_refused', `.lfsconfig names ${address.slice(0, 300)}, which is no server of Git LFS`, {
      remedy: 'Name an https address there, or none.',
    });
  }
  const { url: allowed, access, stranger } = await reach.toLfs(address);
  return { config: at(allowed), options: { ...usual, access, stranger } };
}

/** See https://github.com/git-lfs/git-lfs/blob/main/docs/api/server-discovery.md */
function usualServer(url: string): string {
  if (!/^https?:/i.test(url)) return serverOf(url) ? url : `file://${url}`;
  return `${url.replace(/\/+$/, '').replace(/\.git$/, '')}.git/info/lfs`;
}

/**
 * Takes every other filter that the machine's user has configured out of it: attributes of a commit choose among them.
 */
export async function disabledFilters(options: GitOptions): Promise<ConfigEntry[]> {
  const args = ['config', '--global', '--includes', '--null', '--name-only', '--get-regexp', '^filter\\.'];
  const listed = async (scope: string) =>
    git('/', args.with(1, scope), { signal: options.signal, runner: options.runner }).catch(() => '');
  const keys = `${await listed('--global')}${await listed('--system')}`.split('\0');
  const names = new Set(keys.flatMap((key) => /^filter\.(.+)\.[^.]+$/.exec(key)?.[1] ?? []));
  names.delete('lfs');
  return [...names].flatMap((name) =>
    (['process', 'smudge', 'clean'] as const).map((kind) => [`filter.${name}.${kind}`, ''] as const),
  );
}
