import { refMatcher } from '../git/remote/ref-names.ts';
import type { RemoteRefs } from '../git/remote/remote-refs.ts';
import type { Cursor } from '../record/cursors.ts';
import type { Repository } from '../record/repositories.ts';
import type { MovedRef } from './next-messages.ts';

/** The refs that the settings name, with the commits that they point to. */
export function observedRefs(repository: Repository, { heads, tags, defaultBranch }: RemoteRefs): Map<string, string> {
  const branch =
    repository.branches.length > 0 ? refMatcher(repository.branches) : (name: string) => name === defaultBranch;
  const tag = refMatcher(repository.tags);
  return new Map([
    ...[...heads].filter(([ref]) => branch(ref.slice('refs/heads/'.length))),
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

/** Refs that have disappeared since their cursor was read, and refs that are back at their cursor. */
export function presenceChanges(cursors: Map<string, Cursor>, refs: Map<string, string>) {
  return [...cursors.values()].flatMap((cursor) => {
    if (!refs.has(cursor.ref)) return cursor.absent ? [] : [{ cursor, absent: true }];
    return cursor.absent && refs.get(cursor.ref) === cursor.sha ? [{ cursor, absent: false }] : [];
  });
}
