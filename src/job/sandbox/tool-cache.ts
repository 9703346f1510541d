import { mkdirSync } from 'node:fs';
import { systemCode } from '../../kernel/errors.ts';
import { openFolderInside } from '../files/hand-over.ts';
import type { JobWorkspace } from './workspace.ts';

/** Makes the tool cache if it is missing: in a home, which jobs can change, or on the machine. */
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
  // a home made of overlays has it already
  if (home === undefined) return;
  try {
    openFolderInside(home, toolCache, sandbox.owner).close();
  } catch (error) {
    // an earlier job put something else there, and this job has to live with it
    if (!['ELOOP', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw error;
  }
}
