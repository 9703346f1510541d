import type { PullRequestDetails } from '../kernel/pull-request.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Write } from './database.ts';

/** A pull request whose head is to be built. */
export interface NewPullRequest extends PullRequestDetails {
  number: number;
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
