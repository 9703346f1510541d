/**
 * How much of a repository's history a mirror takes. Nothing of it changes what a job finds in its checkout, but for
 * history that is not there.
 */
export interface Extent {
  /** commits of each ref, see `--depth` in git-fetch(1); all where it is null or missing */
  depth?: number | null | undefined;
  /** which files are fetched only when a commit that has them is checked out, see `isFilter`; none where it is null or missing */
  filter?: string | null | undefined;
}

/** Nobody needs more of a history that is to be short. */
export const mostDepth = 100_000;

/**
 * Filters of files by their size, see `--filter` in git-rev-list(1). Others leave out trees, without which neither paths
 * nor checkouts can be had.
 */
export function isFilter(text: string): boolean {
  return /^blob:(none|limit=\d{1,12}[kmg]?)$/.test(text);
}
