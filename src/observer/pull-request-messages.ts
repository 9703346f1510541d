import { mergeCommit } from '../git/merge.ts';
import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { Cursor } from '../record/cursors.ts';
import type { Repository } from '../record/repositories.ts';
import { type Branch, baseBranch } from './base-branch.ts';
import type { MovedPullRequest } from './pull-request-polls.ts';
import { skipMark } from './skip-mark.ts';

/** Files in conflict that a message names, and characters of each. */
const mostConflicts = 100;
const longestPath = 500;

export interface PullRequestContext {
  /** of the ref of its head */
  cursor: Cursor | undefined;
  /** the branches that it may be for, the default branch first */
  candidates: readonly Branch[];
  /** the name of a branch of the repository at the head */
  headRef: string | null;
  options: UpdateOptions;
}

/**
 * The message of a pull request's head, which is in the mirror. A ref that has moved back to an earlier head is built again.
 * @throws VoltError `commit_missing`, `fetch_failed`, and those of `mergeCommit`
 */
export async function pullRequestMessage(
  mirror: Mirror,
  { name, pullRequestCheckout }: Pick<Repository, 'name' | 'pullRequestCheckout'>,
  { number, ref, head, before, same }: MovedPullRequest,
  { cursor, candidates, headRef, options }: PullRequestContext,
): Promise<CommitMessage> {
  const base = await baseBranch(mirror, head, candidates);
  const merged =
    pullRequestCheckout === 'merge' ? await mergeCommit(mirror, { base: base.sha, head }, options) : undefined;
  const [commit] = await mirror.commits([head]);
  if (!commit) throw new Error(`no commit ${head}`);
  const { text, skipChecks, parent: _, ...info } = commit;
  // otherwise everybody could have a forge show a commit as good that was not tested
  const skip = same ? skipMark({ text, skipChecks }) : undefined;
  return {
    ...{ v: 1, repo: name, ref, trigger: 'commit', ...info },
    ...(skip !== undefined && { skip }),
    cursor: {
      generation: cursor ? cursor.generation + 1 : 0,
      before: cursor ? { generation: cursor.generation, sha: cursor.sha } : null,
    },
    ...{ passedOver: 0, more: false },
    pullRequest: {
      ...{ number, before, headRef, same },
      ...{ baseRef: base.name, base: base.sha },
      merge: merged && 'commit' in merged ? merged.commit : null,
      conflicts:
        merged && 'conflicts' in merged
          ? merged.conflicts.slice(0, mostConflicts).map((path) => path.slice(0, longestPath))
          : null,
    },
  };
}
