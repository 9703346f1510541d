/** The branches on which GitHub's merge queue tests pull requests together with their base; only GitHub itself makes them. */
const pattern = /^refs\/heads\/gh-readonly-queue\/(.+)\/pr-\d+-([0-9a-f]{40,64})$/;

/** A branch of a merge queue. */
export interface MergeGroup {
  /** name of the branch that the group is for, and its commit that the group begins at */
  base: string;
  baseSha: string;
}

/** @returns undefined for any other ref */
export function mergeGroupOf(ref: string): MergeGroup | undefined {
  const [, base, baseSha] = pattern.exec(ref) ?? [];
  return base === undefined || baseSha === undefined ? undefined : { base, baseSha };
}
