import { constants } from 'node:fs';
import { cp, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemCode } from '../kernel/errors.ts';

/**
 * Gives a checkout the objects that it borrows from a mirror, for a job that does not see the mirror.
 * @param folder of the checkout
 * @param visible path of a mirror that may be borrowed from all the same
 */
export async function detach(folder: string, visible: string | undefined): Promise<void> {
  const objects = join(folder, '.git', 'objects');
  const alternates = join(objects, 'info', 'alternates');
  const lender = await readFile(alternates, 'utf8').catch((error) => {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  });
  const lent = lender.trim();
  if (lent === '' || (visible !== undefined && lent === join(visible, 'objects'))) return;
  await cp(lent, objects, {
    recursive: true,
    force: true,
    mode: constants.COPYFILE_FICLONE,
    // packs that are on their way into the mirror
    filter: (source) => !basename(source).startsWith('tmp_'),
  });
  await rm(alternates, { force: true });
}
