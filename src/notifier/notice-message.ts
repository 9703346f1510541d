import type { BuildId } from '../kernel/model.ts';
import type { NoticeEvent } from '../kernel/notices.ts';
import { findBuild } from '../record/builds.ts';
import type { Database } from '../record/database.ts';
import type { DueNotice } from '../record/notices.ts';
import { resultsOf } from '../record/test-queries.ts';

/** The most failed tests that a notice names, and the most characters of a text from a commit or a job. */
const mostTests = 5;
const longestText = 300;

/**
 * What a notice says, as values: whoever sends it makes them text of the target's form, in which they are never markup. All are one
 * line, without control characters, and bounded.
 */
export interface NoticeMessage {
  /** the same each time that it is sent */
  id: string;
  event: NoticeEvent;
  repo: string;
  branch: string;
  sha: string;
  number: number;
  subject: string;
  author: string;
  /** for example `main of app is broken` */
  headline: string;
  /** why the build did not succeed; empty if it did */
  reason: string;
  /** names of failed tests, and how many more there are */
  tests: string[];
  moreTests: number;
  /** page of the build */
  url: string;
  /** of a broken branch, and of one that works again: the first build that failed, if it is another one */
  since: { number: number; subject: string; author: string; url: string } | null;
  why: string;
  /** how to stop getting it */
  stop: string;
  /** milliseconds since 1970 */
  at: number;
}

/**
 * @param site address of the dashboard
 * @returns undefined if the build was deleted
 */
export async function noticeMessage(
  database: Database,
  notice: DueNotice,
  { target, site }: { target: string; site: string },
): Promise<NoticeMessage | undefined> {
  const build = await findBuild(database, String(notice.build) as BuildId);
  if (!build) return undefined;
  const first = notice.since === null || notice.since === notice.build ? undefined : notice.since;
  const since = first === undefined ? undefined : await findBuild(database, String(first) as BuildId);
  const isFailure = build.status === 'failure';
  const failed = isFailure ? await resultsOf(database, { build: build.id, failed: true, limit: 100 }) : [];
  const branch = flat(build.ref.replace(/^refs\/heads\//, ''));
  const urlOf = (id: BuildId) => `${site}/builds/${id}`;
  return {
    ...{
      id: `${target}.${notice.id}`,
      event: notice.event,
      repo: build.repo,
      branch,
      sha: build.sha,
      number: build.number,
    },
    ...{ subject: flat(build.subject), author: flat(build.author) },
    headline: `${branch} of ${build.repo} ${said[notice.event]}`,
    reason: build.status === 'success' ? '' : flat(build.message ?? build.reason?.replaceAll('_', ' ') ?? ''),
    tests: failed.slice(0, mostTests).map(({ suite, name }) => flat(suite === '' ? name : `${suite} › ${name}`)),
    moreTests: Math.max(0, failed.length - mostTests),
    url: urlOf(build.id),
    since: since
      ? { number: since.number, subject: flat(since.subject), author: flat(since.author), url: urlOf(since.id) }
      : null,
    ...{ why: flat(notice.why), stop: `volt notify rm ${target}, or ${site}/notices` },
    at: notice.createdAt,
  };
}

const said: { readonly [Event in NoticeEvent]: string } = {
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
