import { refMatcher } from '../git/remote/ref-names.ts';
import type { NoticeMute, NoticeTarget } from '../kernel/model/notice-shapes.ts';
import { fitsGlobs } from '../kernel/names.ts';
import { addressesIn, committers, hearsOf, tellsCommitters } from '../kernel/notices.ts';
import type { PendingChange } from '../record/branch-changes.ts';
import { pushes } from '../record/series.ts';

/** Somebody who is to hear of a change. */
export interface Recipient {
  /** mail address; empty where the target is the only recipient */
  address: string;
  /** why the recipient gets it */
  why: string;
  /** why it is not sent after all */
  dropped?: string | undefined;
}

type Target = Pick<NoticeTarget, 'kind' | 'to' | 'repos' | 'branches' | 'on' | 'options'>;

/** Whether a target hears of a change. */
export function hears(target: Target, { build, event, isChange, defaultBranch }: PendingChange): boolean {
  return hearsOf(target.on, event, isChange) && follows(target, { ...build, defaultBranch });
}

/** Whether a branch is one of those that a target hears of. @param branch.ref full name */
export function follows(
  { repos, branches }: Pick<Target, 'repos' | 'branches'>,
  { repo, ref, defaultBranch }: { repo: string; ref: string; defaultBranch: string | null },
): boolean {
  if (!fitsGlobs(repos, repo)) return false;
  const branch = ref.slice('refs/heads/'.length);
  return branches.length === 0 ? branch === defaultBranch : refMatcher(branches)(branch);
}

/** What a recipient has muted that a branch is part of. @param branch.ref full name */
export function muteOf(
  mutes: readonly NoticeMute[],
  recipient: string,
  { repo, ref }: { repo: string; ref: string },
): NoticeMute | undefined {
  const name = ref.slice('refs/heads/'.length);
  return mutes.find(
    (each) =>
      each.recipient === recipient &&
      (each.repo === null || each.repo === repo) &&
      (each.branch === null || each.branch === name),
  );
}

/** An address of mail, and why no notice may go there. */
export type Addressee = Pick<Recipient, 'address' | 'dropped'>;

/** Whom a change concerns besides those whom a target names. */
export interface Concerned {
  /** the author of the commit; undefined where the commit has no address */
  author: Addressee | undefined;
  /** who has been told that the branch is broken, or is to be */
  informed: readonly Addressee[];
}

/** Who hears of a change at a target that hears of it. */
export function recipientsOf({ kind, to, options }: Target, change: PendingChange, concerned: Concerned): Recipient[] {
  const follows = `this target follows ${change.build.repo}`;
  if (kind !== 'mail') return [{ address: '', why: follows }];
  const named = addressesIn(to);
  const fixed = named.filter((entry) => entry !== committers).map((address) => ({ address, why: follows }));
  const others = tellsCommitters({ kind, to }) ? affected(change, concerned, options.owners ?? []) : [];
  // each address once: the first reason counts
  return [...new Map([...others, ...fixed].reverse().map((each) => [each.address, each])).values()].reverse();
}

/** Those whom a change is about. */
function affected(
  { build, event }: PendingChange,
  { author, informed }: Concerned,
  owners: readonly string[],
): Recipient[] {
  switch (event) {
    case 'broken':
    case 'still_broken': {
      // a schedule runs for many commits at once
      if (build.series !== pushes) return ownersOf(owners);
      const why = 'you are the author of the commit';
      if (author) return [{ ...author, why }];
      return [{ address: build.author_address.toLowerCase(), why, dropped: 'the commit has no mail address' }];
    }
    case 'fixed':
      return informed.map((each) => ({ ...each, why: 'you were told that the branch is broken' }));
    case 'failing':
    case 'flaky':
    case 'error':
      return ownersOf(owners);
    case 'passed':
    case 'outdated':
      return [];
  }
}

function ownersOf(owners: readonly string[]): Recipient[] {
  return owners.map((address) => ({ address, why: 'you are an owner: no commit is known to be at fault' }));
}
