import type { RefMove } from '../git/mirror.ts';
import { refMatcher } from '../git/refs.ts';
import type { RemoteRefs } from '../git/remote.ts';
import type { Cursor } from '../record/cursors.ts';
import type { Repository } from '../record/repositories.ts';
import type { Moved } from './offers.ts';

/** The refs that count, with the commits they point to. */
export function observedRefs(repository: Repository, { heads, tags, defaultBranch }: RemoteRefs): Map<string, string> {
  const branch =
    repository.branches.length > 0 ? refMatcher(repository.branches) : (name: string) => name === defaultBranch;
  const tag = refMatcher(repository.tags);
  return new Map([
    ...[...heads].filter(([ref]) => branch(ref.slice('refs/heads/'.length))),
    ...[...tags].filter(([ref]) => tag(ref.slice('refs/tags/'.length))),
  ]);
}

/** What a mirror has to bring: with a branch that has jumped, the default branch's own commits are left out of it. */
export function movesOf(
  moved: readonly Moved[],
  base: string | undefined,
  { heads }: RemoteRefs,
): Map<string, RefMove> {
  const moves = new Map(
    moved.map(({ ref, head, cursor }) => {
      const goesOn = cursor && !cursor.absent && !ref.startsWith('refs/tags/');
      return [ref, { head, before: goesOn ? cursor.sha : undefined }];
    }),
  );
  const baseHead = base === undefined ? undefined : heads.get(base);
  if (base !== undefined && baseHead !== undefined && !moves.has(base))
    moves.set(base, { head: baseHead, before: undefined });
  return moves;
}

/** Refs that have gone since their cursor was read, and refs that are back where it stands. */
export function presenceChanges(cursors: Map<string, Cursor>, refs: Map<string, string>) {
  return [...cursors.values()].flatMap((cursor) => {
    if (!refs.has(cursor.ref)) return cursor.absent ? [] : [{ cursor, absent: true }];
    return cursor.absent && refs.get(cursor.ref) === cursor.sha ? [{ cursor, absent: false }] : [];
  });
}
