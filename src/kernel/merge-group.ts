/** The branches on which GitHub's merge queue tests pull requests together with their base. Elsewhere anybody who may push makes them. */
const pattern = /^refs\/heads\/gh-readonly-queue\/(.+)\/pr-(\d{1,9})-([0-9a-f]{40,64})$/;

/** A branch of a merge queue. */
export interface MergeGroup {
  /** name of the branch that the group is for, and its commit that the group begins at */
  base: string;
  baseSha: string;
  /** number of the newest pull request in it */
  number: number;
}

/**
 * @param ref of a repository at GitHub: the name alone says nothing
 * @returns undefined for any other ref
 */
export function mergeGroupOf(ref: string): MergeGroup | undefined {
  const [, base, number, baseSha] = pattern.exec(ref) ?? [];
  return base === undefined || baseSha === undefined ? undefined : { base, baseSha, number: Number(number) };
}
