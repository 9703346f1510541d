import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../kernel/errors.ts';
import { type GitOptions, git, withoutRemote } from './command/git.ts';

/**
 * Copies the objects that a checkout borrows from a mirror into the checkout, for a job that cannot see the mirror: only those
 * of its commit and refs, since the mirror may have objects that are not for this job.
 * @param folder of the checkout
 * @param visible path of a mirror that the job can see, from which the checkout goes on borrowing
 */
export async function copyBorrowedObjects(
  folder: string,
  visible: string | undefined,
  options: GitOptions = {},
): Promise<void> {
  const alternates = join(folder, '.git', 'objects', 'info', 'alternates');
  const lender = await readFile(alternates, 'utf8').catch((error) => {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  });
  const lent = lender.trim();
  if (lent === '' || (visible !== undefined && lent === join(visible, 'objects'))) return;
  // without -l, borrowed objects are packed as well; bitmaps are for servers
  const config = [['repack.writeBitmaps', 'false']] as const;
  await git(folder, ['repack', '-a', '-d', '-q', '-n'], {
    silence: 600_000,
    ...withoutRemote(options),
    plain: true,
    config,
  });
  await rm(alternates);
}
