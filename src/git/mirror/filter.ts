/**
 * Filters of files by their size, see `--filter` in git-rev-list(1). Others leave out trees, without which neither paths
 * nor checkouts can be had.
 */
export function isFilter(text: string): boolean {
  return /^blob:(none|limit=\d{1,12}[kmg]?)$/.test(text);
}
