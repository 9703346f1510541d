import { mkdirSync } from 'node:fs';
import { systemCode } from '../../kernel/errors.ts';
import type { JobHost } from '../contract.ts';
import { openFolderInside } from '../files/hand-over.ts';

/** Makes the folder of tools where there is none: in a home, which jobs change as they like, or one of the machine's. */
export function makeToolCache({ enclosure, env, toolCache }: Pick<JobHost, 'enclosure' | 'env' | 'toolCache'>): void {
  const home = env.HOME;
  if (!enclosure.isClosed || home === undefined || !toolCache.startsWith(`${home}/`)) {
    mkdirSync(toolCache, { recursive: true });
    return;
  }
  try {
    openFolderInside(home, toolCache, enclosure.owner).close();
  } catch (error) {
    // an earlier job has put something else there; this one sees what it has of that
    if (!['ELOOP', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw error;
  }
}
