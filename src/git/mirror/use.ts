import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** File in a mirror; its modification time says when the mirror was last used. */
export const useMark = 'volt-used';

/** Milliseconds for which a mirror counts as in use after a fetch or a checkout. */
export const useTime = 86_400_000;

/** When this process has last used a mirror (ms since 1970), by its path. */
const uses = new Map<string, number>();

/** Marks a mirror as used, so that nobody removes it for `useTime`. */
export async function markUsed(mirror: string): Promise<void> {
  uses.set(mirror, Date.now());
  await mark(mirror);
}

/**
 * Runs a job, whose checkouts borrow from mirrors to its end. The mirrors that this process uses during the job stay marked
 * as used, also for longer than `useTime`.
 * @param interval milliseconds between two marks
 */
export async function keepMarkedUsed<T>(work: () => Promise<T>, interval = useTime / 24): Promise<T> {
  const since = Date.now();
  const keeping = setInterval(() => {
    for (const [mirror, usedAt] of uses) if (usedAt >= since) void mark(mirror);
  }, interval);
  try {
    return await work();
  } finally {
    clearInterval(keeping);
  }
}

/** When a mirror was last used (ms since 1970); undefined where it does not exist. */
export function lastUse(mirror: string): number | undefined {
  const found = [join(mirror, useMark), mirror].map((path) => statSync(path, { throwIfNoEntry: false }));
  return found.find((stats) => stats !== undefined)?.mtimeMs;
}

async function mark(mirror: string): Promise<void> {
  await writeFile(join(mirror, useMark), '').catch(() => undefined);
}
