import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../kernel/errors.ts';
import { type GitOptions, git, locally } from './run.ts';

/**
 * Gives a checkout the objects that it borrows from a mirror, for a job that does not see the mirror: those that its commit
 * and refs lead to, for the mirror may hold what is not for this job.
 * @param folder of the checkout
 * @param visible path of a mirror that may be borrowed from all the same
 */
export async function detach(folder: string, visible: string | undefined, options: GitOptions = {}): Promise<void> {
  const alternates = join(folder, '.git', 'objects', 'info', 'alternates');
  const lender = await readFile(alternates, 'utf8').catch((error) => {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  });
  const lent = lender.trim();
  if (lent === '' || (visible !== undefined && lent === join(visible, 'objects'))) return;
  // what is borrowed is packed as well, as it is packed there; no index of reachability, which is for servers
  const config = [['repack.writeBitmaps', 'false']] as const;
  await git(folder, ['repack', '-a', '-d', '-q', '-n'], { silence: 600_000, ...locally(options), plain: true, config });
  await rm(alternates);
}
