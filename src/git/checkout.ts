import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import type { Mirror } from './mirror.ts';
import { type GitOptions, git } from './run.ts';

/**
 * Checks a commit out into a new folder, as a repository of its own that borrows the mirror's objects. The repository
 * is laid out by hand (see gitrepository-layout(5)): that costs no process, and nothing of a template or of an earlier
 * job can be in it.
 * @param folder does not exist yet
 * @param ref full name; a branch is made for `refs/heads/…`, anything else is checked out detached
 * @throws VoltError `fetch_failed`, `commit_missing`, `git_failed`
 */
export async function checkOut(
  mirror: Mirror,
  target: { url: string; ref: string; sha: string; folder: string },
  options: GitOptions = {},
): Promise<void> {
  const { url, ref, sha, folder } = target;
  const dir = join(folder, '.git');
  await mkdir(join(dir, 'objects', 'info'), { recursive: true });
  await mkdir(join(dir, 'refs', 'tags'), { recursive: true });
  await writeFile(join(dir, 'objects', 'info', 'alternates'), `${join(mirror.path, 'objects')}\n`);
  await writeFile(join(dir, 'config'), configuration(url, sha));
  if (ref.startsWith('refs/heads/')) {
    await mkdir(dirname(join(dir, ref)), { recursive: true });
    await writeFile(join(dir, ref), `${sha}\n`);
    await writeFile(join(dir, 'HEAD'), `ref: ${ref}\n`);
  } else {
    await mkdir(join(dir, 'refs', 'heads'), { recursive: true });
    await writeFile(join(dir, 'HEAD'), `${sha}\n`);
  }
  // what is in the mirror needs no credential, so none is asked for
  const { access, ...local } = options;
  const populate = () => git(folder, ['reset', '--hard', sha, '--'], { silence: 600_000, ...local });
  try {
    await populate();
  } catch (error) {
    if (await mirror.has(sha)) throw error;
    await mirror.require(sha, { ...local, access });
    await populate();
  }
}

function configuration(url: string, sha: string): string {
  const quoted = url.replace(/[\\"]/g, '\\$&');
  if (/[\n\0]/.test(quoted))
    throw new VoltError('bad_url', 'a URL cannot hold a line break', { remedy: 'Correct the URL.' });
  const sha256 = sha.length === 64;
  return [
    '[core]',
    `\trepositoryformatversion = ${sha256 ? 1 : 0}`,
    '\tfilemode = true',
    '\tbare = false',
    '\tlogallrefupdates = true',
    ...(sha256 ? ['[extensions]', '\tobjectformat = sha256'] : []),
    '[remote "origin"]',
    `\turl = "${quoted}"`,
    '\tfetch = +refs/heads/*:refs/remotes/origin/*',
    '[gc]',
    '\tauto = 0',
    '',
  ].join('\n');
}
