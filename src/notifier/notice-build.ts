import { type Authored, authorName } from '../kernel/author-name.ts';
import type { BuildId, BuildSummary } from '../kernel/model.ts';
import { oneLine } from '../kernel/one-line.ts';
import { withPeople } from '../record/build-people.ts';
import { findBuildSummary } from '../record/builds.ts';
import type { Database } from '../record/database.ts';
import { seriesOf, workflowOf } from '../record/series.ts';
import { resultsOf } from '../record/test-queries.ts';
import { administrator } from '../record/visibility.ts';

/** The most failed tests that a notice names. */
const mostTests = 5;
/** The most characters of texts from a commit or a job. */
const longest = { branch: 250, workflow: 100, subject: 200, author: 100, reason: 300, test: 300 };

/** The build that a notice is about. Its texts are one line each, without control characters, and bounded. */
export interface NoticeBuild {
  repo: string;
  /** full name of the branch as git has it, which may have characters that `branch` lacks */
  ref: string;
  branch: string;
  /** name of the file of the workflow that a schedule has started; null for others */
  workflow: string | null;
  sha: string;
  number: number;
  subject: string;
  /** the person who has the author's address, else as the commit says */
  author: string;
  /** the name by which Volt knows that person; null for others */
  person: string | null;
  /** why it did not succeed; empty if it did */
  reason: string;
  /** names of failed tests, and how many more there are */
  tests: string[];
  moreTests: number;
  /** of a broken branch, and of one that works again: the first build that failed, if it is another one */
  since: (Pick<NoticeBuild, 'number' | 'subject' | 'author' | 'person'> & { url: string }) | null;
}

/**
 * @param since id of the first build that failed
 * @param site address of the dashboard
 * @returns undefined if the build was deleted
 */
export async function noticeBuild(
  database: Database,
  { build: id, since, site }: { build: number; since: number | null; site: string },
): Promise<NoticeBuild | undefined> {
  const build = await findBuildSummary(database, String(id) as BuildId);
  if (!build) return undefined;
  const first = since === null || since === id ? undefined : await findBuildSummary(database, String(since) as BuildId);
  const [shown = build, shownFirst] = await withPeople(database, first ? [build, first] : [build], administrator);
  const failed =
    build.status === 'failure' ? await resultsOf(database, { build: build.id, failed: true, limit: 100 }) : [];
  const reason = build.message ?? build.reason?.replaceAll('_', ' ') ?? '';
  return {
    ...branchOf(build.ref, (await seriesOf(database, [build.id])).get(build.id) ?? null),
    ...{ repo: build.repo, ref: build.ref, sha: build.sha, ...commitIn(shown) },
    reason: build.status === 'success' ? '' : oneLine(reason, longest.reason),
    tests: failed
      .slice(0, mostTests)
      .map(({ suite, name }) => oneLine(suite === '' ? name : `${suite} › ${name}`, longest.test)),
    moreTests: Math.max(0, failed.length - mostTests),
    since: shownFirst ? { ...commitIn(shownFirst), url: `${site}/builds/${shownFirst.id}` } : null,
  };
}

/** The name of a branch, and of a workflow, as people see them. @param ref full name @param series see record/series.ts */
export function branchOf(ref: string, series: string | null): Pick<NoticeBuild, 'branch' | 'workflow'> {
  const workflow = workflowOf(series);
  return {
    branch: oneLine(ref.replace(/^refs\/heads\//, ''), longest.branch),
    workflow: workflow === null ? null : oneLine(workflow, longest.workflow),
  };
}

/** What people see of a commit. */
export function commitIn(build: Authored & Pick<BuildSummary, 'number' | 'subject'>) {
  const { number, subject, person } = build;
  const author = oneLine(authorName(build), longest.author);
  return { number, subject: oneLine(subject, longest.subject), author, person: person?.name ?? null };
}
