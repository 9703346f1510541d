import type { BuildId, BuildSummary } from '../kernel/model.ts';
import { summaryOf } from './builds.ts';
import type { Database } from './database.ts';

/** A build's neighbours on its branch or tag. */
export interface BranchHistory {
  previous: BuildSummary | undefined;
  next: BuildSummary | undefined;
  /** whether a build before has passed */
  hasPassed: boolean;
  /** of a failed build: the first failure since the last build that passed, without those of flaky tests alone */
  brokenSince: BuildSummary | undefined;
  /** of a failed build: the first that passed after it */
  fixedBy: BuildSummary | undefined;
  /** of a build that passed: the first of the failures before it, without those of flaky tests alone */
  mended: BuildSummary | undefined;
}

/**
 * Only `failure` counts as broken: an error, a cancelled or a skipped build says nothing about its commit. Each query is one
 * step into the index of the ref by status, however long the branch's history.
 */
export async function branchHistory(database: Database, build: BuildSummary): Promise<BranchHistory> {
  const [previous, next] = await Promise.all([
    neighbour(database, build, 'before', build.id),
    neighbour(database, build, 'after', build.id),
  ]);
  const none = { previous, next, hasPassed: false, brokenSince: undefined, fixedBy: undefined, mended: undefined };
  if (build.status !== 'failure' && build.status !== 'success') return none;
  const good = await neighbour(database, build, 'before', build.id, 'success');
  const bad = await firstBroken(database, build, good?.id ?? ('0' as BuildId));
  const known = { ...none, hasPassed: good !== undefined };
  if (build.status === 'success') return { ...known, mended: bad };
  return { ...known, brokenSince: bad, fixedBy: await neighbour(database, build, 'after', build.id, 'success') };
}

/** The most failures that are looked at for one that is not of flaky tests alone. */
const mostFailures = 20;

/** The first failure after a build and up to another one that flaky tests alone do not explain. */
async function firstBroken(database: Database, build: BuildSummary, after: BuildId): Promise<BuildSummary | undefined> {
  let before = after;
  for (let looked = 0; looked < mostFailures; looked++) {
    const bad = await neighbour(database, build, 'after', before, 'failure');
    if (!bad || Number(bad.id) > Number(build.id)) return undefined;
    if (!(await isFlakyAlone(database, bad.id))) return bad;
    before = bad.id;
  }
  return undefined;
}

/** Whether each failed job of a build has failed tests, and all of these are known to be flaky. */
async function isFlakyAlone(database: Database, build: BuildId): Promise<boolean> {
  const jobs = await database.db
    .selectFrom('jobs')
    .select('jobs.id')
    .select((eb) => {
      const failed = eb
        .selectFrom('test_results as result')
        .innerJoin('tests', 'tests.id', 'result.test_id')
        .whereRef('result.job_id', '=', 'jobs.id')
        .whereRef('result.attempt', '=', 'jobs.attempt')
        .where('result.failed', '=', 1);
      return [
        failed.select(({ fn }) => fn.countAll<number>().as('count')).as('failed'),
        failed
          .where('tests.flaky_commits', '>', 0)
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .as('flaky'),
      ];
    })
    .where('jobs.build_id', '=', Number(build))
    .where('jobs.status', '=', 'failure')
    .execute();
  return jobs.length > 0 && jobs.every(({ failed, flaky }) => Number(failed) > 0 && Number(failed) === Number(flaky));
}

async function neighbour(
  database: Database,
  { repo, ref }: BuildSummary,
  side: 'before' | 'after',
  id: BuildId,
  status?: 'success' | 'failure',
): Promise<BuildSummary | undefined> {
  const all = database.db.selectFrom('builds').selectAll().where('repo', '=', repo).where('ref', '=', ref);
  // what events such as comments have started says nothing about the branch
  const ofRef = all.where('event', 'is', null);
  const chosen = status === undefined ? ofRef : ofRef.where('status', '=', status);
  const row = await chosen
    .where('id', side === 'before' ? '<' : '>', Number(id))
    .orderBy('id', side === 'before' ? 'desc' : 'asc')
    .limit(1)
    .executeTakeFirst();
  return row && summaryOf(row);
}
