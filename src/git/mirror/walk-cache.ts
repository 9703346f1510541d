/**
 * The commits between two commits along first parents, which never change, for long histories: a push of many commits is
 * sent in parts, and each part would start git again to list them all.
 */
const walks = new Map<string, readonly string[]>();
/** Commits in the cache; each takes some hundred bytes. */
const mostKept = 100_000;
/** Shorter lists are not cached. */
const shortest = 100;

/** @param commits along first parents, oldest first; the last one is the head */
export function cacheWalk(repository: string, commits: readonly string[]): void {
  const head = commits.at(-1);
  if (head === undefined || commits.length < shortest) return;
  const key = `${repository} ${head}`;
  walks.delete(key);
  walks.set(key, commits);
  let kept = [...walks.values()].reduce((sum, { length }) => sum + length, 0);
  for (const [oldest, { length }] of walks) {
    if (kept <= mostKept || oldest === key) break;
    walks.delete(oldest);
    kept -= length;
  }
}

/** The commits after `before` up to `head`, oldest first; undefined where they are not cached. */
export function cachedWalk(repository: string, before: string, head: string): readonly string[] | undefined {
  const walk = walks.get(`${repository} ${head}`);
  const at = walk?.indexOf(before) ?? -1;
  return at < 0 ? undefined : walk?.slice(at + 1);
}
