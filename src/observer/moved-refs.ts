import { refMatcher } from '../git/remote/ref-names.ts';
import type { RemoteRefs } from '../git/remote/remote-refs.ts';
import { refEvent } from '../queues/ref-event.ts';
import type { Cursor, PresenceChange } from '../record/cursors.ts';
import type { Repository } from '../record/repositories.ts';
import type { MergeGroups } from './merge-groups.ts';
import type { MovedRef } from './next-messages.ts';

/** The refs that the settings name, with the commits that they point to, and those of the merge queue where pull requests are built. */
export function observedRefs(
  repository: Repository,
  { heads, tags, defaultBranch }: RemoteRefs,
  groups: MergeGroups,
): Map<string, string> {
  const branch =
    repository.branches.length > 0 ? refMatcher(repository.branches) : (name: string) => name === defaultBranch;
  const tag = refMatcher(repository.tags);
  const hasQueue = repository.pullRequests !== 'none';
  return new Map([
    ...[...heads].filter(([ref]) => branch(ref.slice('refs/heads/'.length)) || (hasQueue && groups.has(ref))),
    ...[...tags].filter(([ref]) => tag(ref.slice('refs/tags/'.length))),
  ]);
}

/**
 * Where the mirror must have these refs, and the default branch: its own commits are left out of those of a branch that was
 * rebased onto it.
 */
export function headsOf(
  moved: readonly MovedRef[],
  base: string | undefined,
  { heads }: RemoteRefs,
): Map<string, string> {
  const baseHead = base === undefined ? undefined : heads.get(base);
  return new Map([
    ...moved.map(({ ref, head }) => [ref, head] as const),
    ...(base !== undefined && baseHead !== undefined ? [[base, baseHead] as const] : []),
  ]);
}

interface Found {
  /** the refs of the remote that are watched, with their commits */
  refs: ReadonlyMap<string, string>;
  cursors: ReadonlyMap<string, Cursor>;
  groups: MergeGroups;
}

/**
 * The refs that are not at their cursor.
 * @param known whether the tags, and the branches, that were there before Volt watched them are known: a later one was made
 */
export function movedRefs(
  { refs, cursors, groups }: Found,
  { areTagsKnown, areBranchesKnown }: { areTagsKnown: boolean; areBranchesKnown: boolean },
): MovedRef[] {
  const isTag = (ref: string) => ref.startsWith('refs/tags/');
  return [...refs].flatMap(([ref, head]): MovedRef[] => {
    const cursor = cursors.get(ref);
    if (!cursor && isTag(ref) && !areTagsKnown) return [];
    if (cursor?.sha === head && !cursor.again) return [];
    const isNew = cursor?.absent ?? true;
    const isMade = isNew && (isTag(ref) ? areTagsKnown : areBranchesKnown) && !groups.has(ref);
    return [{ ref, head, cursor, isMade, group: groups.get(ref) }];
  });
}

/** Refs that have disappeared since their cursor was read, and refs that are back at their cursor. */
export function presenceChanges(cursors: Map<string, Cursor>, refs: Map<string, string>): PresenceChange[] {
  return [...cursors.values()].flatMap((cursor): PresenceChange[] => {
    if (!refs.has(cursor.ref)) return cursor.absent ? [] : [{ cursor, absent: true }];
    return cursor.absent && refs.get(cursor.ref) === cursor.sha ? [{ cursor, absent: false }] : [];
  });
}

/** Deleted refs of one poll of which workflows are told; GitHub tells of at most three tags. */
const mostDeletions = 20;

/** Adds to the changes the event `delete` for refs that are gone from the remote, not only from the settings. */
export function withDeletions(
  changes: readonly PresenceChange[],
  { heads, tags, defaultBranch }: RemoteRefs,
  groups: MergeGroups,
): PresenceChange[] {
  let told = 0;
  return changes.map((change) => {
    const { ref } = change.cursor;
    // tags are listed only where some are watched
    const isGone = change.absent && (ref.startsWith('refs/heads/') ? !heads.has(ref) : tags.size > 0 && !tags.has(ref));
    if (!isGone || groups.has(ref) || ++told > mostDeletions) return change;
    return { ...change, request: { ref: null, event: refEvent('delete', ref, defaultBranch), isByStranger: false } };
  });
}

/** For which settings the branches that were there are known: one that appears later was made. */
export function branchesMark({ branches }: Pick<Repository, 'branches'>, defaultBranch: string | null): string {
  return JSON.stringify(branches.length > 0 ? branches : { default: defaultBranch });
}
