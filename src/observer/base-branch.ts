import type { Mirror } from '../git/mirror/mirror.ts';
import type { RemoteRefs } from '../git/remote/remote-refs.ts';
import { VoltError } from '../kernel/errors.ts';

export interface Branch {
  name: string;
  sha: string;
}

/** How many branches may be the base; each starts git once for each pull request. */
const mostCandidates = 10;
/** Commits that are counted; beyond that, branches are equally far away. */
const mostCommits = 1000;

/**
 * The branches that a pull request may be for: the default branch first, then others that are built.
 * @param refs the refs that the settings name
 */
export function baseCandidates({ defaultBranch, heads }: RemoteRefs, refs: ReadonlyMap<string, string>): Branch[] {
  const main = defaultBranch === null ? undefined : `refs/heads/${defaultBranch}`;
  const others = [...refs.keys()].filter((ref) => ref !== main && ref.startsWith('refs/heads/'));
  return [...(main === undefined ? [] : [main]), ...others].slice(0, mostCandidates).map((ref) => ({
    name: ref.slice('refs/heads/'.length),
    sha: heads.get(ref) as string,
  }));
}

/** The branch that a pull request is for by its forge; undefined where that does not tell, or the branch is gone. */
export function toldBase({ heads }: RemoteRefs, told: { baseRef: string | null } | undefined): Branch | undefined {
  const name = told?.baseRef ?? undefined;
  const sha = name === undefined ? undefined : heads.get(`refs/heads/${name}`);
  return name === undefined || sha === undefined ? undefined : { name, sha };
}

/**
 * The branch that a pull request is for, as far as git tells: that from which the fewest commits lead to its head. If others are
 * as near as the default branch, it is the default branch.
 * @throws VoltError `commit_missing` without branches
 */
export async function baseBranch(mirror: Mirror, head: string, candidates: readonly Branch[]): Promise<Branch> {
  const [first, ...others] = candidates;
  if (!first) {
    throw new VoltError('commit_missing', 'the repository has no branch that the pull request can be for', {
      remedy: 'Point HEAD of the repository to a branch, or name branches with `volt repo set NAME --branch`.',
    });
  }
  const away = ({ sha }: Branch) => mirror.countCommits(sha, head, mostCommits);
  let nearest = first;
  let distance = others.length === 0 ? 0 : await away(first);
  for (const branch of others) {
    // the branch of the pull request itself, or one that was made from it
    const commits = distance === 0 ? 0 : await away(branch);
    if (commits === 0 || commits >= distance) continue;
    nearest = branch;
    distance = commits;
  }
  return nearest;
}
