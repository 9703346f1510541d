import { existsSync, realpathSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import { hostOf } from '../kernel/urls.ts';
import { checkOut } from './checkout.ts';
import { configValue } from './config-file.ts';
import { Mirror } from './mirror.ts';
import { type GitOptions, git } from './run.ts';
import { submoduleUrl } from './submodule-url.ts';

/** So many are checked out for one job, and so deep inside of each other. */
const most = 100;
const deepest = 8;

interface Superproject {
  /** folder of the machine's mirrors */
  mirrors: string;
  url: string;
  sha: string;
  /** where it is checked out */
  folder: string;
}

interface Submodule {
  name: string;
  path: string;
  url: string;
  sha: string;
}

/**
 * Checks the submodules of a checkout out, each as a repository of its own from a mirror of its own.
 * Git's own command for that would clone each anew, and takes more from the commit than the addresses.
 * @param recursive whether theirs are wanted, too
 * @returns their paths in the checkout
 * @throws VoltError `bad_url` for an address that is not fetched, `fetch_failed`, `commit_missing`, `git_failed`,
 * `too_large` where there are too many
 */
export async function checkOutSubmodules(
  project: Superproject,
  options: GitOptions = {},
  { recursive = true }: { recursive?: boolean } = {},
): Promise<string[]> {
  const done: string[] = [];
  await descend({ ...project, recursive }, options, '', 1, done);
  return done;
}

async function descend(
  project: Superproject & { recursive: boolean },
  options: GitOptions,
  prefix: string,
  depth: number,
  done: string[],
): Promise<void> {
  for (const { name, path, url: written, sha } of await submodulesOf(project, options)) {
    if (done.length >= most || depth > deepest) {
      throw new VoltError(
        'too_large',
        `there are more than ${most} submodules, or more than ${deepest} inside of each other`,
        {
          remedy: 'Give the repository a command of its own that fetches what it needs.',
        },
      );
    }
    const url = submoduleUrl(project.url, written);
    const folder = placeOf(project, path);
    // a credential is that of one server, and of no other that a commit may name
    const access = hostOf(url) === hostOf(project.url) ? options.access : undefined;
    const mirror = new Mirror(project.mirrors, url);
    await checkOut(mirror, { url, ref: sha, sha, folder }, { ...options, access });
    await registerSubmodule(project, name, url);
    done.push(prefix + path);
    if (project.recursive)
      await descend({ ...project, url, sha, folder }, { ...options, access }, `${prefix}${path}/`, depth + 1, done);
  }
}

/** Those that the commit has and names an address for; a commit may have others, whose folders stay empty. */
async function submodulesOf({ folder, sha }: Superproject, options: GitOptions): Promise<Submodule[]> {
  if (!existsSync(join(folder, '.gitmodules'))) return [];
  const local = { signal: options.signal };
  // as it is in the commit: in the checkout it may be a link that leads anywhere
  const listed = await git(folder, ['config', '--blob', `${sha}:.gitmodules`, '--null', '--list'], local);
  const named = parseModules(listed);
  if (named.length === 0) return [];
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

/** The folder that git has made for it; never one that a link leads to. */
function placeOf({ folder }: Superproject, path: string): string {
  const place = join(folder, path);
  if (realpathSync(place) === join(realpathSync(folder), path)) return place;
  throw new VoltError('git_failed', `the submodule at "${path}" would be outside of the checkout`, {
    remedy: 'Correct its path in .gitmodules.',
  });
}

/** So that git's own commands count it as one that is checked out. */
async function registerSubmodule({ folder }: Superproject, name: string, url: string): Promise<void> {
  if (/[\n\0]/.test(name)) return;
  const lines = [`[submodule ${configValue(name)}]`, '\tactive = true', `\turl = ${configValue(url)}`, ''];
  await appendFile(join(folder, '.git', 'config'), lines.join('\n'));
}
