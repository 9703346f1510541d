import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseSource } from '../../git/access/source.ts';
import { Mirror } from '../../git/mirror/mirror.ts';
import { listRemote } from '../../git/remote/remote-refs.ts';
import { takeSnapshot } from '../../git/snapshot.ts';
import { VoltError } from '../../kernel/errors.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import { checkoutAround } from '../workflow-files.ts';
import { type DecidedCommit, decidedCommit } from './decided-commit.ts';

/**
 * How a checkout with its uncommitted changes is tested, or the newest commit of the default branch of a repository.
 * @param where a folder of a checkout, or the address of a repository
 * @throws VoltError `fetch_failed`, `no_repository`, `commit_missing`
 */
export async function decideAt(where: string): Promise<DecidedCommit & { shown: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'volt-discover-'));
  try {
    if (statSync(where, { throwIfNoEntry: false })?.isDirectory()) {
      const root = checkoutAround(resolve(where));
      const mirror = new Mirror(folder, root);
      const { sha } = await takeSnapshot(root, mirror.path);
      return { ...(await decidedCommit(mirror, sha)), shown: root };
    }
    const { url } = parseSource(where);
    const mirror = new Mirror(folder, url, { filter: 'blob:none' });
    const { defaultBranch } = await listRemote(url, { silence: 30_000, bound: 120_000, tags: false });
    if (defaultBranch === null)
      throw new VoltError('commit_missing', 'the repository has no default branch', {
        remedy: 'Push a commit, or set the branch that HEAD names.',
      });
    await mirror.fetch();
    const { sha } = await mirror.resolve(defaultBranch);
    return { ...(await decidedCommit(mirror, sha)), shown: hideCredentials(url) };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
