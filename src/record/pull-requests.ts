import type { PullRequestDetails } from '../kernel/pull-request.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Write } from './database.ts';

/** A pull request whose head is to be built. */
export interface NewPullRequest extends PullRequestDetails {
  number: number;
}

/** A merge commit, and what it merges. */
export interface Merge {
  commit: string;
  base: string;
  head: string;
}

/** The merge that is tested instead of a build's commit, which is the head of a pull request; null where there is none. */
export function mergeOf({ sha, pull_details }: { sha: string; pull_details: string | null }): Merge | null {
  if (pull_details === null) return null;
  const { base, merge } = JSON.parse(pull_details) as PullRequestDetails;
  return merge === null ? null : { commit: merge, base, head: sha };
}

/** For which refs the pull requests that were there before are noted: the pattern of the repository, or those of the known forges. */
export function seenMark(pattern: string | null): string {
  return pattern ?? 'known';
}

/** Notes the head of a pull request that is built, so that the observer does not offer it again. */
export async function noteBuiltHead(
  db: Write,
  { repo, number, ref, head }: { repo: string; number: number; ref: string; head: string },
): Promise<void> {
  const seen = { ref, head, moved_at: serverNow() };
  await db
    .insertInto('pull_requests')
    .values({ repo, number, ...seen })
    .onConflict((conflict) => conflict.columns(['repo', 'number']).doUpdateSet(seen))
    .execute();
}
