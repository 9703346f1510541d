import type { Mirror } from '../git/mirror/mirror.ts';
import type { MergeGroup } from '../kernel/merge-group.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { Cursor } from '../record/cursors.ts';
import type { Repository } from '../record/repositories.ts';
import { skipMark } from './skip-mark.ts';

/** Commits of one ref that wait in the queue at a time; the next ones are sent when these are recorded. */
const batch = 50;

export interface MovedRef {
  ref: string;
  /** full id of the commit that the ref points to */
  head: string;
  /** how far the ref is in the database; undefined for a new ref, of which only the head is built */
  cursor: Cursor | undefined;
  /** it was made, after Volt had begun to watch its name */
  isMade?: boolean;
  /** it is a branch of a merge queue */
  group?: MergeGroup | undefined;
}

/**
 * The messages of a ref's commits that are to be built next, oldest first. They depend on the ref and its cursor alone, so
 * every poll sends the same ones under the same ids until they are in the database.
 * @param options.backlog number of commits; older ones are passed over
 * @param options.base the default branch: its commits are left out of those of a branch that was rebased onto it
 */
export async function nextMessages(
  mirror: Mirror,
  repository: Pick<Repository, 'name' | 'commits'>,
  { ref, head, cursor, isMade = false, group }: MovedRef,
  options: { backlog: number; base?: string | undefined },
): Promise<CommitMessage[]> {
  if (cursor?.sha === head && !cursor.again) return [];
  const newest = await mirror.commits([head]);
  const next = await nextCommits(mirror, repository, { ref, head, cursor }, { ...options, parent: newest[0]?.parent });
  const commits = next.commits.length === 1 && next.commits[0] === head ? newest : await mirror.commits(next.commits);
  let before = cursor ? { generation: cursor.generation, sha: cursor.sha } : null;
  return commits.map(({ text, skipChecks, parent: _, ...commit }, index) => {
    // a stranger's message must not leave out the test that lets his commits in
    const skip = group ? undefined : skipMark({ text, skipChecks });
    const message: CommitMessage = {
      v: 1,
      repo: repository.name,
      ref,
      trigger: 'commit',
      ...commit,
      ...(skip === undefined ? {} : { skip }),
      ...(group && { mergeGroup: group }),
      ...(isMade && index === 0 && { created: true }),
      cursor: { generation: next.generation, before },
      passedOver: index === 0 ? next.passedOver : 0,
      more: next.more && index === commits.length - 1,
    };
    before = { generation: next.generation, sha: commit.sha };
    return message;
  });
}

interface Next {
  /** their ids */
  commits: readonly string[];
  generation: number;
  passedOver: number;
  more: boolean;
}

async function nextCommits(
  mirror: Mirror,
  repository: Pick<Repository, 'commits'>,
  { ref, head, cursor }: MovedRef,
  { backlog, base, parent }: { backlog: number; base?: string | undefined; parent: string | undefined },
): Promise<Next> {
  const only = (generation: number) => ({ commits: [head], generation, passedOver: 0, more: false });
  if (!cursor) return only(0);
  if (cursor.sha === head) return only(cursor.generation + 1);
  // a tag has no history of its own, and a ref that is back after it was deleted is a new one
  if (cursor.absent || ref.startsWith('refs/tags/')) return only(cursor.generation + 1);
  // mostly one commit is pushed, and git needs not list it
  if (cursor.sha === parent) return only(cursor.generation);
  const own = base === undefined || base === ref ? undefined : base;
  const { commits, passedOver, jumped } = await mirror.newCommits(cursor.sha, head, backlog, own);
  const wanted = repository.commits === 'latest' ? commits.slice(-1) : commits.slice(0, batch);
  return {
    commits: wanted,
    generation: cursor.generation + (jumped ? 1 : 0),
    passedOver,
    more: repository.commits === 'every' && wanted.length < commits.length,
  };
}
