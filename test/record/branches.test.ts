import { expect } from 'chai';
import { branchNames, observedRefs } from '../../src/record/branches.ts';
import type { Database } from '../../src/record/database.ts';
import { addSeriesOfSchedules } from '../../src/record/old-schedules.ts';
import { recentBuilds } from '../../src/record/recent-builds.ts';
import { seriesOf } from '../../src/record/series.ts';
import { administrator, nobody } from '../../src/record/visibility.ts';
import { fillWithOldBuilds } from '../support/old-builds.ts';
import { plansOf } from '../support/query-plans.ts';
import { recordedBuild, withRecord } from '../support/record.ts';

describe('the branches of a repository', () => {
  let database: Database;
  withRecord(
    (opened) => {
      database = opened;
    },
    { repositories: ['app', 'lib'] },
  );

  const cursor = (ref: string, moved_at: number, more: { absent?: number } = {}) =>
    database.db
      .insertInto('cursors')
      .values({ repo: 'app', ref, sha: 'a'.repeat(40), generation: 1, moved_at, ...more })
      .execute();
  const found = async (text?: string, limit = 10) =>
    (await observedRefs(database, 'app', { text, limit, builds: 1, reader: administrator })).map(({ ref }) => ref);

  it('and tags are those that exist, the latest moved first, and are found by a part of their names', async () => {
    await cursor('refs/heads/main', 1);
    await cursor('refs/heads/Feature_1', 3);
    await cursor('refs/tags/v1', 2);
    await cursor('refs/heads/deleted', 9, { absent: 1 });
    await cursor('refs/pull/7/head', 9);
    expect(await found()).to.deep.equal(['refs/heads/Feature_1', 'refs/tags/v1', 'refs/heads/main']);
    expect(await found(undefined, 1)).to.deep.equal(['refs/heads/Feature_1']);
    expect(await found('feature_')).to.deep.equal(['refs/heads/Feature_1']);
    expect(await found('%')).to.deep.equal([]);
    expect(await branchNames(database, administrator, ['app'], 10)).to.deep.equal(['Feature_1', 'main']);
    expect(await branchNames(database, nobody, [], 10)).to.deep.equal([]);
  });

  it('have their newest builds, newest first, of pushes alone', async () => {
    const [first, second, third] = [
      await recordedBuild(database, { ref: 'refs/heads/main' }),
      await recordedBuild(database, { ref: 'refs/heads/main' }),
      await recordedBuild(database, { ref: 'refs/heads/main' }),
    ];
    await recordedBuild(database, { repo: 'lib', ref: 'refs/heads/main' });
    const of = { repo: 'app', ref: 'refs/heads/main' };
    const idsOf = async (limit: number) => (await recentBuilds(database, [of], limit))(of).map(({ id }) => id);
    expect(await idsOf(2)).to.deep.equal([third, second]);
    await database.db.updateTable('builds').set({ series: null }).where('id', '=', Number(second)).execute();
    expect(await idsOf(5)).to.deep.equal([third, first]);
  });

  it('have the builds of schedules from before series were recorded in the series of their workflow', async () => {
    const factsOf = (event: object) => ({ facts: JSON.stringify({ event }), models: [] });
    const path = '.github/workflows/nightly.yml';
    const builds = [
      { trigger: 'schedule', workflows: factsOf({ name: 'schedule', workflow: path, cron: '0 3 * * *' }) },
      { trigger: 'schedule' },
      { trigger: 'manual', workflows: factsOf({ name: 'workflow_dispatch', workflow: path }) },
    ] as const;
    const ids = [];
    for (const build of builds) ids.push(await recordedBuild(database, build));
    await database.db.updateTable('builds').set({ series: null }).execute();
    await database.write(addSeriesOfSchedules);
    const series = await seriesOf(database, ids);
    expect(ids.map((id) => series.get(id))).to.deep.equal([path, null, null]);
  });

  it('have their builds by a statement for many refs at once, which uses an index', async () => {
    const refs = Array.from({ length: 70 }, (_, index) => ({ repo: 'app', ref: `refs/heads/b${index}` }));
    const builds = [];
    for (const ref of ['refs/heads/b0', 'refs/heads/b69']) builds.push(await recordedBuild(database, { ref }));
    const buildsOf = await recentBuilds(database, refs, 3);
    expect(refs.flatMap((ref) => buildsOf(ref).map(({ id }) => id))).to.deep.equal(builds);
    expect(buildsOf({ repo: 'app', ref: 'refs/heads/other' })).to.deep.equal([]);
    await fillWithOldBuilds(database, 'app');
    const plans = await plansOf(database, (from) => recentBuilds(from, refs.slice(0, 3), 3));
    expect(plans.filter((step) => /(^SCAN|Seq Scan on) builds\b/.test(step))).to.deep.equal([]);
  });
});
