import { existsSync, realpathSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import type { FetchPolicy } from './access/fetch-policy.ts';
import { submoduleUrl } from './access/submodule-url.ts';
import { type CheckoutOptions, checkOut } from './checkout.ts';
import { configValue } from './command/config-file.ts';
import { type GitOptions, git } from './command/git.ts';
import { limitHistory } from './limit-history.ts';
import { Mirror } from './mirror/mirror.ts';

/** Submodules of one job, and levels of submodules in submodules. */
const most = 100;
const deepest = 8;
/** Submodules that one commit names, and bytes of .gitmodules. */
const mostNamed = 1000;
const mostText = 1_048_576;

interface Superproject {
  /** folder of the machine's mirrors */
  mirrors: string;
  url: string;
  sha: string;
  /** its checkout */
  folder: string;
}

interface Submodule {
  name: string;
  path: string;
  url: string;
  sha: string;
}

/** Options for all submodules of one checkout. */
export interface SubmoduleOptions {
  /** which of them may be fetched */
  fetchPolicy: FetchPolicy;
  /** whether to check out the submodules of submodules, too */
  recursive?: boolean;
  /** commits of its history that each checkout shows; 0 for all of it, with all files */
  depth?: number;
}

/**
 * Checks out the submodules of a checkout, each as its own repository from its own mirror.
 * `git submodule` would clone each again, and takes more from the commit than the addresses.
 * @returns their paths in the checkout
 * @throws VoltError `bad_url` for an invalid address, `address_refused` for one that is not fetched, `fetch_failed`,
 * `commit_missing`, `git_failed`, `too_large` where there are too many
 */
export async function checkOutSubmodules(
  project: Superproject,
  options: CheckoutOptions,
  { fetchPolicy, recursive = true, depth = 1 }: SubmoduleOptions,
): Promise<string[]> {
  const { access: _, ...common } = options;
  const done: string[] = [];
  const descend = async (above: Superproject, prefix: string, level: number): Promise<void> => {
    for (const { name, path, url: written, sha } of await submodulesOf(above, common)) {
      if (done.length >= most || level > deepest) throw tooMany();
      const folder = folderOf(above, path);
      const { url, access, untrusted, reader } = await fetchPolicy.to(submoduleUrl(above.url, written));
      const mirror = new Mirror(project.mirrors, url, { reader, filter: depth === 0 ? null : 'blob:none' });
      await checkOut(mirror, { url, ref: sha, sha, folder }, { ...common, access, untrusted });
      if (depth > 0) await limitHistory(mirror, { folder, sha, depth, tags: false }, common);
      await registerSubmodule(above, name, url);
      done.push(prefix + path);
      if (recursive) await descend({ ...above, url, sha, folder }, `${prefix}${path}/`, level + 1);
    }
  };
  await descend(project, '', 1);
  return done;
}

function tooMany(): VoltError {
  const message = `there are more than ${most} submodules, or more than ${deepest} levels of them`;
  const remedy = 'Give the repository a command of its own that fetches what it needs.';
  return new VoltError('too_large', message, { remedy });
}

/** The submodules that have an address in the commit. The folders of others stay empty. */
async function submodulesOf({ folder, sha }: Superproject, options: GitOptions): Promise<Submodule[]> {
  if (!existsSync(join(folder, '.gitmodules'))) return [];
  const local = { signal: options.signal, plain: true, mostOutput: mostText };
  // the file of the commit, since in the checkout it may be a link to any file
  const listed = await git(folder, ['config', '--blob', `${sha}:.gitmodules`, '--null', '--list'], local);
  const named = parseModules(listed);
  if (named.length === 0) return [];
  if (named.length > mostNamed) throw tooMany();
  const paths = named.map(({ path }) => path);
  const tree = await git(folder, ['--literal-pathspecs', 'ls-tree', '-z', '--full-tree', sha, '--', ...paths], local);
  const commits = new Map(
    [...tree.matchAll(/160000 commit ([0-9a-f]+)\t([^\0]+)\0/g)].map(([, commit = '', path = '']) => [path, commit]),
  );
  return named.flatMap((module) => {
    const commit = commits.get(module.path);
    return commit === undefined ? [] : [{ ...module, sha: commit }];
  });
}

/** Entries of .gitmodules, see gitmodules(5), that have both a path and an address. */
function parseModules(listed: string): Omit<Submodule, 'sha'>[] {
  const modules = new Map<string, { path?: string; url?: string }>();
  for (const entry of listed.split('\0')) {
    const [, name, key, value] = /^submodule\.(.+)\.(path|url)\n(.*)$/s.exec(entry) ?? [];
    if (name === undefined || key === undefined || value === undefined) continue;
    modules.set(name, { ...modules.get(name), [key]: value });
  }
  return [...modules].flatMap(([name, { path, url }]) =>
    path === undefined || url === undefined || path === '' ? [] : [{ name, path, url }],
  );
}

/** The folder that git has made for the submodule; never one behind a link. */
function folderOf({ folder }: Superproject, path: string): string {
  const submodule = join(folder, path);
  if (realpathSync(submodule) === join(realpathSync(folder), path)) return submodule;
  throw new VoltError('git_failed', `the submodule at "${path}" would be outside of the checkout`, {
    remedy: 'Correct its path in .gitmodules.',
  });
}

/** Lets git's own commands see the submodule as checked out. */
async function registerSubmodule({ folder }: Superproject, name: string, url: string): Promise<void> {
  if (/[\n\0]/.test(name)) return;
  const lines = [`[submodule ${configValue(name)}]`, '\tactive = true', `\turl = ${configValue(url)}`, ''];
  await appendFile(join(folder, '.git', 'config'), lines.join('\n'));
}
