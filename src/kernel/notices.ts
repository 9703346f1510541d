import { duration } from './times.ts';

/** Where notices go, and how. */
export const noticeKinds = ['mail', 'slack', 'mattermost', 'discord', 'teams', 'matrix', 'ntfy', 'webhook'] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** In the place of a mail address: whoever made the commit. */
export const committers = 'committers';

/** In the place of an address that somebody chooses: that of each commit. */
export const commitAddresses = 'commits';

/** In the place of the address of somebody who wants no mail at all. */
export const noMail = 'none';

/** To which address a person has mail sent, in a sentence. @param mail an address, `none`, or null for that of each commit */
export function mailChoiceText(mail: string | null): string {
  if (mail === noMail) return 'no mail';
  return mail === null ? 'mail at the address that each commit has' : `mail at ${mail}`;
}

/** What mail programs send when somebody stops mail by one click (RFC 8058), as a form. */
export const oneClick = 'List-Unsubscribe=One-Click';

/** Whether a target sends mail to whoever made a commit. */
export function tellsCommitters({ kind, to }: { kind: NoticeKind; to: string }): boolean {
  return kind === 'mail' && addressesIn(to).includes(committers);
}

/** The entries of the address of a target of mail. */
export function addressesIn(to: string): string[] {
  return to.split(',').map((entry) => entry.trim());
}

/**
 * Who hears of what is about no single build: the addresses that a target names, and its owners.
 * @returns the empty address where the target is the only recipient
 */
export function namedRecipients({
  kind,
  to,
  owners = [],
}: {
  kind: NoticeKind;
  to: string;
  owners?: string[] | undefined;
}): string[] {
  if (kind !== 'mail') return [''];
  return [...new Set([...addressesIn(to).filter((entry) => entry !== committers), ...owners])];
}

/**
 * What a target hears of.
 * - `change`: a branch breaks, somebody else's commit fails on a broken branch, or the branch works again
 * - `failure`: each build that fails or cannot run, and when the branch works again
 * - `all`: the verdict of each build
 * - `audit`: no build, but changes in the audit log, see kernel/audit-words.ts
 */
export const noticeChoices = ['change', 'failure', 'all', 'audit'] as const;
export type NoticeChoice = (typeof noticeChoices)[number];

/**
 * What the end of a build means for its branch.
 * - `passed`: it passed, as the build before
 * - `broken`: it failed, and the build before passed
 * - `still_broken`: it failed on a branch that was broken already
 * - `fixed`: it passed on a broken branch
 * - `failing`: it failed, and none before it is known to have passed
 * - `outdated`: it failed, but a newer build of the branch has passed already
 * - `flaky`: only tests that are known to be flaky have failed
 * - `error`: Volt, the machine or the configuration kept it from a verdict
 */
export const noticeEvents = [
  'passed',
  'broken',
  'still_broken',
  'fixed',
  'failing',
  'outdated',
  'flaky',
  'error',
] as const;
export type NoticeEvent = (typeof noticeEvents)[number];

/** What is said about no single build. */
export const generalEvents = ['test', 'digest', 'audit'] as const;
export type GeneralEvent = (typeof generalEvents)[number];

export function isGeneral(event: NoticeEvent | GeneralEvent): event is GeneralEvent {
  return generalEvents.some((one) => one === event);
}

/**
 * The verdict of the build that an event is about. A failure by flaky tests alone is one of its own: a retry that shows a fault of
 * the commit is news.
 */
export const verdictOf: { readonly [Event in NoticeEvent]: 'success' | 'failure' | 'flaky' | 'error' } = {
  ...{ passed: 'success', fixed: 'success', error: 'error' },
  ...{ broken: 'failure', still_broken: 'failure', failing: 'failure', outdated: 'failure', flaky: 'flaky' },
};

/** Whether an event is one that somebody has to act on. */
export function isBad(event: NoticeEvent | GeneralEvent): boolean {
  return isGeneral(event) ? event === 'digest' : verdictOf[event] !== 'success';
}

/** Whether a target hears of an event. @param isChange whether the branch was in another state before */
export function hearsOf(choice: NoticeChoice, event: NoticeEvent, isChange: boolean): boolean {
  if (choice === 'audit') return false;
  if (choice === 'all') return true;
  if (event === 'fixed') return true;
  if (event === 'passed') return false;
  return choice === 'failure' || isChange;
}

const choiceWords: { readonly [C in NoticeChoice]: string } = {
  change: 'changes',
  failure: 'failures',
  all: 'all verdicts',
  audit: 'changes in the audit log',
};

/** What a target hears of: `changes of the default branch of all repositories`. Empty lists match as those of a target do. */
export function heardText(target: { on: NoticeChoice; repos: readonly string[]; branches: readonly string[] }): string {
  const { on, repos, branches } = target;
  if (on === 'audit') return `${choiceWords[on]}${repos.length === 0 ? '' : ` of ${repos.join(', ')}`}`;
  const where = branches.length === 0 ? 'the default branch' : branches.join(', ');
  return `${choiceWords[on]} of ${where} of ${repos.length === 0 ? 'all repositories' : repos.join(', ')}`;
}

/** What a recipient has stopped: `about main of app`. Null stands for everything. */
export function mutedText({ repo, branch }: { repo: string | null; branch: string | null }): string {
  if (repo === null) return 'about anything';
  return `about ${branch === null ? 'all branches' : branch} of ${repo}`;
}

/** What became of a notice. @param now milliseconds since 1970 */
export function outcomeText(
  notice: {
    state: 'waiting' | 'sent' | 'dropped';
    dropped: string | null;
    problem: { message: string } | null;
    dueAt: string | null;
  },
  now: number,
): string {
  const { state, dropped, problem, dueAt } = notice;
  if (state === 'sent') return 'sent';
  const cause = problem === null ? '' : `: ${problem.message}`;
  if (state === 'dropped') return `not sent: ${dropped}${cause}`;
  const wait = dueAt === null ? 0 : Date.parse(dueAt) - now;
  if (wait <= 0) return `waiting${cause}`;
  return `${problem === null ? 'sent' : 'tried again'} in ${duration(wait)}${cause}`;
}
