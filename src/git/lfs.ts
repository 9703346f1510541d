import { join } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import type { ConfigEntry } from './access/credential-files.ts';
import type { FetchPolicy } from './access/fetch-policy.ts';
import { serverOf } from './access/server.ts';
import { configValue } from './command/config-file.ts';
import { type GitOptions, git, withoutRemote } from './command/git.ts';
import { messagesOf } from './command/messages.ts';

/**
 * A filter that ends git at the first file in Git LFS. A commit's attributes are known only when its files are written, so
 * this finds a commit that needs LFS, at no cost for one that does not. It replaces the user's own filter of that name.
 */
export const refuseLfs: readonly ConfigEntry[] = [
  ['filter.lfs.process', ''],
  ['filter.lfs.smudge', 'false'],
  ['filter.lfs.clean', 'false'],
  ['filter.lfs.required', 'true'],
];

/** Whether that filter has ended git. */
export function needsLfs(error: unknown): boolean {
  return error instanceof VoltError && /smudge filter lfs failed/.test(messagesOf(error));
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
 * Configuration lines that make git-lfs store its files in the mirror, where all checkouts of the repository find them. They
 * must be in a file: in the environment they would also apply to a repository on this machine that is fetched from.
 */
export function lfsStorage(mirrorPath: string): string[] {
  return ['[lfs]', `\tstorage = ${configValue(join(mirrorPath, 'lfs'))}`];
}

/** @throws VoltError `tool_missing` where git-lfs is not installed */
export async function requireLfs(folder: string, options: GitOptions): Promise<void> {
  await git(folder, ['lfs', 'version'], { signal: options.signal, runner: options.runner }).catch((error) => {
    if (options.signal?.aborted) throw error;
    const message = 'the commit has files in Git LFS, and git-lfs is not installed on this machine';
    const remedy = 'Install it on the machines of the runners (Debian, Ubuntu: apt-get install git-lfs).';
    throw new VoltError('tool_missing', message, { remedy, cause: error });
  });
}

/** Files of a commit in LFS, and their bytes together. */
const mostFiles = 100_000;
const mostBytes = 34_359_738_368;

/**
 * Checks number and size of a commit's files in LFS, before any is fetched.
 * @throws VoltError `too_large`
 */
export async function checkLfsSize(folder: string, sha: string, options: GitOptions): Promise<void> {
  const listed = await git(folder, ['lfs', 'ls-files', '--debug', sha], { ...withoutRemote(options), plain: true });
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
 * The server of a commit's files in LFS, and the options to fetch from it. A commit may name a server in `.lfsconfig`, and
 * git-lfs would connect to it with the credentials of the machine's user. So Volt sets the server by configuration that
 * overrides that file.
 * @throws VoltError `address_refused`
 */
export async function lfsServer(
  { folder, url, sha }: { folder: string; url: string; sha: string },
  options: GitOptions & { fetchPolicy?: FetchPolicy | undefined },
): Promise<{ config: string[]; options: GitOptions }> {
  const { fetchPolicy, ...usual } = options;
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
  if (options.untrusted === undefined && (named === '' || named === own))
    return { config: hasFile ? at(own) : [], options: usual };
  const address = named || own;
  if (!fetchPolicy || !serverOf(address)) {
    const message = `.lfsconfig names ${address.slice(0, 300)}, which is not a server of Git LFS`;
    throw new VoltError('address_refused', message, { remedy: 'Name an https address there, or none.' });
  }
  const { url: allowed, access, untrusted } = await fetchPolicy.toLfs(address);
  return { config: at(allowed), options: { ...usual, access, untrusted } };
}

/** See https://github.com/git-lfs/git-lfs/blob/main/docs/api/server-discovery.md */
function usualServer(url: string): string {
  if (!/^https?:/i.test(url)) return serverOf(url) ? url : `file://${url}`;
  return `${url.replace(/\/+$/, '').replace(/\.git$/, '')}.git/info/lfs`;
}

/**
 * Configuration that disables every other filter of the machine's user: a commit's attributes could choose one.
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
