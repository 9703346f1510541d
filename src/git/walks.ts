/**
 * Long walks through histories, kept while their commits are offered some at a time: where a walk has led from one commit
 * to another along first parents does not change. Without that, a push of many commits would be walked through anew for
 * each part of it.
 */
const walks = new Map<string, readonly string[]>();
/** Commits that are kept of all walks together; each takes some hundred bytes. */
const mostKept = 100_000;
/** A walk of fewer commits is done again. */
const shortest = 100;

/** @param commits along first parents, oldest first; the last one is the head */
export function keepWalk(repository: string, commits: readonly string[]): void {
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

/** The commits after `before` on a walk to `head`, oldest first; undefined where none is kept that leads through both. */
export function keptWalk(repository: string, before: string, head: string): readonly string[] | undefined {
  const walk = walks.get(`${repository} ${head}`);
  const at = walk?.indexOf(before) ?? -1;
  return at < 0 ? undefined : walk?.slice(at + 1);
}
