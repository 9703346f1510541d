import { mkdirSync } from 'node:fs';
import { systemCode } from '../../kernel/errors.ts';
import { openFolderInside } from '../files/hand-over.ts';
import type { JobWorkspace } from './workspace.ts';

/** Makes the folder of tools where there is none: in a home, which jobs change as they like, or one of the machine's. */
export function makeToolCache({
  sandbox,
  env,
  home,
  toolCache,
}: Pick<JobWorkspace, 'sandbox' | 'env' | 'home' | 'toolCache'>): void {
  if (!sandbox.isClosed || !toolCache.startsWith(`${env.HOME}/`)) {
    mkdirSync(toolCache, { recursive: true });
    return;
  }
  // one that is put together for the job has it already
  if (home === undefined) return;
  try {
    openFolderInside(home, toolCache, sandbox.owner).close();
  } catch (error) {
    // an earlier job has put something else there; this one sees what it has of that
    if (!['ELOOP', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw error;
  }
}
