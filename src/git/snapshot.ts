import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import { type GitOptions, git } from './command/git.ts';
import { dateOf } from './mirror/bare-repository.ts';

/** A work tree as a commit. */
export interface Snapshot {
  sha: string;
  /** full name of the branch that is checked out; `HEAD` for none */
  ref: string;
  /** the parent commit; null for none */
  before: string | null;
  subject: string;
  author: string;
  /** ISO 8601 */
  committedAt: string;
  /** id of its tree, the same for the same files */
  tree: string;
  /** whether the tree differs from that of HEAD */
  changed: boolean;
  /** URL of the remote `origin`; null for none */
  origin: string | null;
  /** default branch of `origin` at the clone; without that remote, the branch that is checked out; null if unknown */
  defaultBranch: string | null;
}

/**
 * Makes a commit of a work tree as it is: all files that are tracked or not ignored, with uncommitted changes. The commit
 * is made in a new bare repository, which borrows the objects of the work tree's; that one does not change.
 * @param root of the work tree
 * @param folder for the bare repository; does not exist yet
 * @throws VoltError `no_repository`, `git_failed`
 */
export async function takeSnapshot(root: string, folder: string, given: GitOptions = {}): Promise<Snapshot> {
  const options = { ...given, lazy: true };
  const own = (...args: string[]) => git(root, args, options).then((text) => text.trim());
  const optional = (...args: string[]) => own(...args).catch(() => '');
  const objects = await own('rev-parse', '--git-path', 'objects').catch((error) => {
    throw new VoltError('no_repository', `${root} is not a work tree of git`, {
      remedy: 'Go to a checkout; "git init" makes one.',
      cause: error,
    });
  });
  const head = await optional('rev-parse', '--verify', '--quiet', 'HEAD^{commit}');
  const branch = await optional('symbolic-ref', '--quiet', 'HEAD');
  await mkdir(folder, { recursive: true });
  const format = (await optional('rev-parse', '--show-object-format')) || 'sha1';
  await git(folder, ['init', '--quiet', '--bare', `--object-format=${format}`], options);
  await writeFile(join(folder, 'objects', 'info', 'alternates'), `${resolve(root, objects)}\n`);
  await writeFile(join(folder, 'config'), `${await readFile(join(folder, 'config'), 'utf8')}${workTree(root)}`);
  // with an index that knows the files, git need not read them all
  for (const name of ['index', 'info/exclude']) {
    const from = resolve(root, await own('rev-parse', '--git-path', name));
    if (existsSync(from)) await copyFile(from, join(folder, name));
  }
  const bare = (...args: string[]) => git(folder, args, options).then((text) => text.trim());
  if (head !== '')
    await bare(
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      // HEAD is git's default for a first branch here, and nothing is checked out
      '--update-head-ok',
      '--',
      root,
      '+refs/heads/*:refs/heads/*',
      '+refs/tags/*:refs/tags/*',
    );
  await bare('add', '--all');
  const tree = await bare('write-tree');
  const changed = head === '' || tree !== (await bare('rev-parse', `${head}^{tree}`));
  const sha = changed ? await commitTree(folder, tree, head, options) : head;
  if (branch !== '') await bare('update-ref', branch, sha);
  const [author = '', committedAt = '', subject = ''] = (
    await bare('log', '--max-count=1', '--format=%an%n%ct%n%s', sha)
  ).split('\n');
  const parent = changed ? head : await bare('rev-parse', '--verify', '--quiet', `${sha}^`).catch(() => '');
  const origin = await optional('config', '--get', 'remote.origin.url');
  return {
    ...{ sha, tree, ref: branch || 'HEAD', before: parent || null, subject, author },
    defaultBranch: (origin === '' ? branchName(branch) : await remoteHead(optional)) || null,
    ...{ committedAt: dateOf(committedAt), changed, origin: origin || null },
  };
}

function branchName(ref: string): string {
  return ref.replace(/^refs\/heads\//, '');
}

async function remoteHead(git: (...args: string[]) => Promise<string>): Promise<string> {
  const head = await git('symbolic-ref', '--quiet', 'refs/remotes/origin/HEAD');
  return head.replace(/^refs\/remotes\/origin\//, '');
}

async function commitTree(folder: string, tree: string, parent: string, options: GitOptions): Promise<string> {
  const identity = ['-c', 'user.name=work tree', '-c', 'user.email=work-tree@localhost'];
  const parents = parent === '' ? [] : ['-p', parent];
  return (
    await git(folder, [...identity, 'commit-tree', tree, ...parents, '-m', 'the work tree as it is'], options)
  ).trim();
}

/** The last value of a key counts. */
function workTree(root: string): string {
  return `[core]\n\tbare = false\n\tworktree = "${root.replace(/[\\"]/g, '\\$&')}"\n`;
}
