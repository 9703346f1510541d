import type { CommitInfo, Mirror } from '../git/mirror.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { Cursor, Repository } from '../record/repositories.ts';

/** How many commits of one ref wait in the queue at a time; the next ones are offered when these are recorded. */
const batch = 50;

/**
 * The commits of a ref that are to be built next, oldest first. They follow from the ref and its cursor alone, so that
 * every look offers the same ones under the same ids until they are in the record.
 * @param head full id of the commit that the ref points to
 * @param cursor the last commit of the ref that is in the record; undefined for a ref that is new, of which only the
 * head is built
 * @param backlog older commits than this many are passed over
 */
export async function offersOf(
  mirror: Mirror,
  repository: Pick<Repository, 'name' | 'commits'>,
  ref: string,
  head: string,
  cursor: Cursor | undefined,
  backlog: number,
): Promise<CommitMessage[]> {
  const common = { v: 1, repo: repository.name, ref, trigger: 'commit' } as const;
  if (!cursor) {
    const only = await mirror.commit(head);
    return [{ ...common, ...only, cursor: { generation: 0, before: null }, passedOver: 0, more: false }];
  }
  if (cursor.sha === head) return [];
  const { commits, passedOver, jumped } = await mirror.newCommits(cursor.sha, head, backlog);
  const wanted = repository.commits === 'latest' ? commits.slice(-1) : commits.slice(0, batch);
  const generation = cursor.generation + (jumped ? 1 : 0);
  let before = { generation: cursor.generation, sha: cursor.sha };
  const left = repository.commits === 'latest' ? 0 : commits.length - wanted.length;
  return wanted.map((commit: CommitInfo, index) => {
    const message: CommitMessage = {
      ...common,
      ...commit,
      cursor: { generation, before },
      passedOver: index === 0 ? passedOver : 0,
      more: left > 0 && index === wanted.length - 1,
    };
    before = { generation, sha: commit.sha };
    return message;
  });
}
