import type { Build, BuildId } from '../kernel/model.ts';
import type { NoticeEvent } from '../kernel/notices.ts';
import { brokenBranches } from '../record/branch-states.ts';
import { findBuild } from '../record/builds.ts';
import type { Database } from '../record/database.ts';
import { findNoticeTarget } from '../record/notice-targets.ts';
import type { DueNotice } from '../record/notices.ts';
import { seriesOf, workflowOf } from '../record/series.ts';
import { resultsOf } from '../record/test-queries.ts';
import { follows } from './notice-recipients.ts';

/** The most failed tests that a notice names, and the most characters of a text from a commit or a job. */
const mostTests = 5;
const longestText = 300;
/** The most broken branches that a digest names. */
const mostBranches = 30;

/**
 * What a notice says, as values: whoever sends it makes them text of the target's form, in which they are never markup. All are one
 * line, without control characters, and bounded.
 */
export interface NoticeMessage {
  /** the same each time that it is sent */
  id: string;
  event: NoticeEvent | 'test' | 'digest';
  /** for example `main of app is broken` */
  headline: string;
  /** null where it is about no single build */
  about: NoticeBuild | null;
  /** what it says besides; in a digest, one line for each broken branch */
  lines: string[];
  /** page of the build, and what to call it */
  link: { url: string; label: string };
  /** why the recipient gets it, and how that ends */
  why: string;
  stop: string;
  /** milliseconds since 1970 */
  at: number;
}

/** The build that a notice is about. */
export interface NoticeBuild {
  repo: string;
  branch: string;
  /** name of the file of the workflow that a schedule has started; null for others */
  workflow: string | null;
  sha: string;
  number: number;
  subject: string;
  author: string;
  /** why it did not succeed; empty if it did */
  reason: string;
  /** names of failed tests, and how many more there are */
  tests: string[];
  moreTests: number;
  /** of a broken branch, and of one that works again: the first build that failed, if it is another one */
  since: { number: number; subject: string; author: string; url: string } | null;
}

/**
 * @param site address of the dashboard
 * @returns undefined if the build was deleted, or nothing that a digest would name is broken any more
 */
export async function noticeMessage(
  database: Database,
  { id, build, event, since, why, createdAt }: DueNotice,
  { target, site }: { target: string; site: string },
): Promise<NoticeMessage | undefined> {
  const general = { id: `${target}.${id}`, event, why: flat(why), at: createdAt, stop: `volt notify rm ${target}` };
  if (event === 'digest') {
    const { count, lines } = await brokenNow(database, target);
    if (count === 0) return undefined;
    const headline = count === 1 ? '1 branch is broken' : `${count} branches are broken`;
    return { ...general, about: null, headline, lines, link: { url: site, label: 'Volt' } };
  }
  if (build === null) {
    const lines = ['This is a test: nothing is broken.'];
    return { ...general, about: null, headline: `Volt reaches ${target}`, lines, link: { url: site, label: 'Volt' } };
  }
  const about = await buildIn(database, { build, since, site });
  if (about === undefined) return undefined;
  return {
    ...general,
    ...{ about, lines: [] },
    headline: `${subjectOf(about)} of ${about.repo} ${said[event]}`,
    link: { url: `${site}/builds/${build}`, label: `${about.repo}#${about.number}` },
  };
}

/** The branches that a target follows and that are broken now. */
async function brokenNow(database: Database, name: string): Promise<{ count: number; lines: string[] }> {
  const target = await findNoticeTarget(database, name);
  const broken = (await brokenBranches(database)).filter((branch) => follows(target, branch));
  const lines = broken.slice(0, mostBranches).map(({ repo, ref, series, number, subject, author }) => {
    const since = number === null ? '' : `, since #${number} ${flat(subject ?? '')}, by ${flat(author ?? '')}`;
    return `${subjectOf(branchOf(ref, series))} of ${repo}${since}`;
  });
  const more = broken.length - mostBranches;
  return { count: broken.length, lines: more > 0 ? [...lines, `and ${more} more`] : lines };
}

async function buildIn(
  database: Database,
  { build: id, since, site }: { build: number; since: number | null; site: string },
): Promise<NoticeBuild | undefined> {
  const build = await findBuild(database, String(id) as BuildId);
  if (!build) return undefined;
  const first = since === null || since === id ? undefined : await findBuild(database, String(since) as BuildId);
  const failed =
    build.status === 'failure' ? await resultsOf(database, { build: build.id, failed: true, limit: 100 }) : [];
  return {
    ...branchOf(build.ref, (await seriesOf(database, [build.id])).get(build.id) ?? null),
    ...{ repo: build.repo, sha: build.sha, ...commitIn(build) },
    reason: build.status === 'success' ? '' : flat(build.message ?? build.reason?.replaceAll('_', ' ') ?? ''),
    tests: failed.slice(0, mostTests).map(({ suite, name }) => flat(suite === '' ? name : `${suite} › ${name}`)),
    moreTests: Math.max(0, failed.length - mostTests),
    since: first ? { ...commitIn(first), url: `${site}/builds/${first.id}` } : null,
  };
}

function branchOf(ref: string, series: string | null): Pick<NoticeBuild, 'branch' | 'workflow'> {
  const workflow = workflowOf(series);
  return { branch: flat(ref.replace(/^refs\/heads\//, '')), workflow: workflow === null ? null : flat(workflow) };
}

/** What works or is broken. */
function subjectOf({ branch, workflow }: Pick<NoticeBuild, 'branch' | 'workflow'>): string {
  return workflow === null ? branch : `${workflow} on ${branch}`;
}

function commitIn({ number, subject, author }: Pick<Build, 'number' | 'subject' | 'author'>) {
  return { number, subject: flat(subject), author: flat(author) };
}

const said: { readonly [Event in NoticeMessage['event']]?: string } = {
  passed: 'passed',
  broken: 'is broken',
  still_broken: 'is still broken',
  fixed: 'works again',
  failing: 'fails',
  outdated: 'failed; a newer build has passed',
  flaky: 'failed by flaky tests alone',
  error: 'could not be tested',
};

/** Foreign text as one line. */
function flat(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  const characters = [...plain];
  return characters.length <= longestText ? plain : `${characters.slice(0, longestText - 1).join('')}…`;
}
