import type { UpdateOptions } from '../git/mirror/update.ts';
import { findRemoteRef, type RemoteRefs } from '../git/remote/remote-refs.ts';
import { VoltError } from '../kernel/errors.ts';
import type { BuildEvent } from '../queues/messages.ts';
import type { Database } from '../record/database.ts';
import { seenPullRequests } from '../record/pull-requests.ts';
import type { ObservedRepository } from '../record/repositories.ts';

/** Something that has happened to a pull request, such as a label, which its workflows or those of the default branch may wait for. */
export type Activity = Extract<BuildEvent, { name: 'pull_request' | 'pull_request_target' }>;

/** The head of a pull request to which something has happened. */
export interface ActivityHead {
  number: number;
  /** full name of its ref */
  ref: string;
  /** its commit */
  head: string;
  /** branch of the repository at the same commit; null where there is none */
  headRef: string | null;
}

/**
 * The head that an activity is about, if Volt builds it. A maintainer sets a label for the head that he has read. If its author has
 * pushed another one since, nothing runs: not even the default branch's own workflows, which would hand the new one on.
 * @throws VoltError `conflict` where nothing runs for it, `git_failed`
 */
export async function activityHead(
  database: Database,
  event: Activity,
  { name, url, pullRequests }: ObservedRepository,
  { remote, options }: { remote: RemoteRefs; options: UpdateOptions },
): Promise<ActivityHead> {
  const { number } = event;
  const seen = (await seenPullRequests(database, name, [number])).get(number);
  if (!seen || pullRequests === 'none') throw notBuilt(event, 'Volt builds no such pull request');
  const { ref } = seen;
  const isNew = event.name === 'pull_request_target' && event.head === undefined;
  // forges may delete the ref of one that is closed
  const newest = isNew ? seen.head : ((await findRemoteRef(url, ref, options))?.sha ?? seen.head);
  if (event.head !== undefined && event.head !== newest) throw notBuilt(event, 'it has a newer head since then');
  const branch = [...remote.heads].find(([, sha]) => sha === newest)?.[0];
  // other heads would wait for a person's approval, which is for the head and not for what happens to it
  const isOpen = pullRequests === 'all' || (pullRequests === 'approved' && event.name === 'pull_request_target');
  if (branch === undefined && !isOpen) throw notBuilt(event, 'its head is no branch of the repository');
  return { number, ref, head: newest, headRef: branch?.slice('refs/heads/'.length) ?? null };
}

/** @param why continues the sentence */
export function notBuilt({ number, action }: Activity, why: string): VoltError {
  return new VoltError('conflict', `nothing runs for pull request ${number}, ${action}: ${why}`, {
    remedy: 'See which pull requests are built in docs/pull-requests.md.',
  });
}
