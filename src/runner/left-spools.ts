import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptRef } from '../kernel/model.ts';
import { leftSpools } from './spool.ts';
import { isOwned } from './work-folder.ts';

/**
 * Spools of runners that do not run now.
 * @param work folder of this machine's runners
 */
export async function spoolsOfGoneRunners(work: string): Promise<{ runner: string; ref: AttemptRef }[]> {
  const names = await readdir(work).catch(() => [] as string[]);
  const spools = await Promise.all(
    names.map(async (runner) => {
      const folder = join(work, runner);
      if (await isOwned(folder)) return [];
      return (await leftSpools(join(folder, 'spool'))).map(({ ref }) => ({ runner, ref }));
    }),
  );
  return spools.flat();
}
