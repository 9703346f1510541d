import type { AuditEntry } from '../kernel/model/access-shapes.ts';
import { filledText, templateValues } from '../kernel/notice-template.ts';
import type { GeneralEvent, NoticeEvent } from '../kernel/notices.ts';
import { oneLine } from '../kernel/one-line.ts';
import { brokenBranches } from '../record/branch-states.ts';
import { withAuthors } from '../record/build-people.ts';
import type { Database } from '../record/database.ts';
import { findNoticeTarget, type OpenNoticeTarget } from '../record/notice-targets.ts';
import type { DueNotice } from '../record/notices.ts';
import { administrator } from '../record/visibility.ts';
import { stopToken } from '../secrets/stop-link.ts';
import { auditText } from './audit-text.ts';
import { notOwned } from './maintained.ts';
import { branchOf, commitIn, type NoticeBuild, noticeBuild } from './notice-build.ts';
import { follows, muteOf } from './notice-recipients.ts';
import { subjectOf, textOf } from './notice-text.ts';

/** The most broken branches that a digest names. */
const mostBranches = 30;
/** The most characters of the reason why somebody gets a notice. */
const longestWhy = 300;

/**
 * What a notice says, as values: whoever sends it makes them text of the target's form, in which they are never markup. All are one
 * line, without control characters, and bounded.
 */
export interface NoticeMessage {
  /** the same each time that it is sent */
  id: string;
  event: NoticeEvent | GeneralEvent;
  /** for example `main of app is broken` */
  headline: string;
  /** null where it is about no single build */
  about: NoticeBuild | null;
  /** what it says besides; in a digest, one line for each broken branch */
  lines: string[];
  /** whether a template of the target has made the lines */
  isOwn: boolean;
  /** the entries of the audit log that it tells of; empty for other notices */
  entries?: readonly AuditEntry[];
  /** page of the build, and what to call it */
  link: { url: string; label: string };
  /** why the recipient gets it, and how that ends: on a page, or by a command of an administrator */
  why: string;
  stop: { url: string; command: string | null };
  /** milliseconds since 1970 */
  at: number;
}

/**
 * @param site address of the dashboard
 * @returns undefined if the build was deleted, or nothing that a digest would name is broken any more
 */
export async function noticeMessage(
  database: Database,
  notice: DueNotice,
  { target, site }: { target: OpenNoticeTarget; site: string },
): Promise<NoticeMessage | undefined> {
  const { id, build, event, since, createdAt } = notice;
  const about = build === null ? null : await noticeBuild(database, { build, since, site });
  if (about === undefined) return undefined;
  const stop = stopOf(target, { ...notice, about, site });
  const why = oneLine(notice.why, longestWhy);
  const general = { id: `${target.name}.${id}`, event, about, why, stop, at: createdAt };
  if (event === 'digest') {
    const { count, lines } = await brokenNow(database, target, notice.recipient);
    if (count === 0) return undefined;
    const headline = count === 1 ? '1 branch is broken' : `${count} branches are broken`;
    return { ...general, headline, lines, isOwn: false, link: { url: site, label: 'Volt' } };
  }
  if (notice.entries) {
    const text = await auditText(database, { name: target.name, entries: notice.entries, site });
    return text && { ...general, ...text, isOwn: false };
  }
  if (event === 'test' || event === 'audit' || about === null) return { ...general, ...testOf(target, site) };
  const url = `${site}/builds/${build}`;
  const text = textOf(about, { event, url, options: target.options });
  return { ...general, ...text, link: { url, label: `${about.repo}#${about.number}` } };
}

/** What a test of a target says: that it is one, and what the target's templates say. */
function testOf({ name, options }: OpenNoticeTarget, site: string) {
  const { headline = `Volt reaches ${name}`, lines = [] } = filledText(options, templateValues);
  return {
    ...{ headline, lines: ['This is a test: nothing is broken.', ...lines], isOwn: true },
    link: { url: site, label: 'Volt' },
  };
}

/** How a recipient ends the notices: those by mail, without signing in. */
function stopOf(
  { name, kind, address: { secret } }: OpenNoticeTarget,
  { recipient, about, site }: { recipient: string; about: NoticeBuild | null; site: string },
): NoticeMessage['stop'] {
  if (kind !== 'mail' || secret === undefined) return { url: `${site}/notices`, command: `volt notify rm ${name}` };
  const branch = about?.ref.replace(/^refs\/heads\//, '') ?? null;
  const token = stopToken(secret, { recipient, repo: about?.repo ?? null, branch });
  return { url: `${site}/notices/stop/${name}/${token}`, command: null };
}

/** The branches that a target follows, that the recipient has not muted, and that are broken now. */
async function brokenNow(
  database: Database,
  { name, maintainer }: OpenNoticeTarget,
  recipient: string,
): Promise<{ count: number; lines: string[] }> {
  const target = await findNoticeTarget(database, name);
  const broken = (await brokenBranches(database)).filter(
    (branch) =>
      follows(target, branch) &&
      notOwned(maintainer, branch.repo) === undefined &&
      !muteOf(target.mutes, recipient, branch),
  );
  const named = broken.slice(0, mostBranches);
  const builds = named.flatMap(({ first }) => (first === null ? [] : [first]));
  const commits = new Map(
    (await withAuthors(database, builds, administrator)).map((build) => [build.id, commitIn(build)]),
  );
  const lines = named.map(({ repo, ref, series, first }) => {
    const commit = first === null ? undefined : commits.get(first.id);
    const since = commit === undefined ? '' : `, since #${commit.number} ${commit.subject}, by ${commit.author}`;
    return `${subjectOf(branchOf(ref, series))} of ${repo}${since}`;
  });
  const more = broken.length - mostBranches;
  return { count: broken.length, lines: more > 0 ? [...lines, `and ${more} more`] : lines };
}
