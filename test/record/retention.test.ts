import { expect } from 'chai';
import type { BuildId } from '../../src/kernel/model.ts';
import { findBuild } from '../../src/record/builds.ts';
import { cursorsAt, cursorsOf, forgetGoneBranches, markAbsent, moveCursor } from '../../src/record/cursors.ts';
import type { Database } from '../../src/record/database.ts';
import { closeIntent, findIntent, openTrigger } from '../../src/record/intents.ts';
import { expiredBuilds, type Retention, removeBuild, removeClosedIntents } from '../../src/record/retention.ts';
import { finishedBuild } from '../support/finished-build.ts';
import { pullRequest7, recordedBuild, withRecord } from '../support/record.ts';

describe('the builds that retention removes', () => {
  let database: Database;

  withRecord(
    (opened) => {
      database = opened;
    },
    { repositories: ['app', 'other'] },
  );

  const all: Retention = { keepDays: 0, keepBuilds: 0, keepAtLeast: 1 };
  async function expired(rule: Partial<Retention>, repo = 'app', page = 2): Promise<BuildId[]> {
    const ids: BuildId[] = [];
    for await (const builds of expiredBuilds(database, repo, { ...all, ...rule }, Date.now(), page)) {
      expect(builds.length).to.be.most(page);
      ids.push(...builds.map(({ id }) => id));
    }
    return ids;
  }

  async function builds(...daysAgo: number[]): Promise<BuildId[]> {
    const ids: BuildId[] = [];
    for (const days of daysAgo) ids.push(await finishedBuild(database, days));
    return ids;
  }

  it('are none if the settings keep all', async () => {
    await builds(1000, 999, 998);
    expect(await expired({})).to.deep.equal([]);
  });

  it('are those that are too old, oldest first, of this repository only', async () => {
    const [first, second] = await builds(40, 31, 29, 1);
    const foreign = await finishedBuild(database, 50, { repo: 'other' });
    await finishedBuild(database, 1, { repo: 'other' });
    expect(await expired({ keepDays: 30 })).to.deep.equal([first, second]);
    expect(await expired({ keepDays: 30 }, 'other')).to.deep.equal([foreign]);
  });

  it('are those that are too many', async () => {
    const [first, second] = await builds(4, 3, 2, 1);
    expect(await expired({ keepBuilds: 2 })).to.deep.equal([first, second]);
    expect(await expired({ keepBuilds: 4 })).to.deep.equal([]);
  });

  it('are not of branches because there are many of pull requests', async () => {
    const [first] = await builds(9, 8, 7);
    const pulls: BuildId[] = [];
    for (const days of [6, 5, 4, 3])
      pulls.push(await finishedBuild(database, days, { ref: 'refs/pull/7/head', pullRequest: pullRequest7 }));
    expect(await expired({ keepBuilds: 2 })).to.deep.equal([first, ...pulls.slice(0, 2)]);
  });

  it('are never among the newest, as many as always stay', async () => {
    const [first] = await builds(400, 300, 200);
    expect(await expired({ keepDays: 30, keepBuilds: 1, keepAtLeast: 2 })).to.deep.equal([first]);
  });

  it('are never the newest finished one of an observed branch', async () => {
    const old = { ref: 'refs/heads/stable' };
    const former = await finishedBuild(database, 401, old);
    await finishedBuild(database, 400, old);
    await builds(300, 1);
    await database.write((db) => moveCursor(db, 'app', null, { ...old, sha: 'a'.repeat(40), generation: 0 }));
    expect(await expired({ keepDays: 30 })).to.deep.equal([former, String(Number(former) + 2)]);
  });

  it('include those of a deleted branch, whose cursor is removed with the last of them', async () => {
    const topic = { ref: 'refs/heads/topic' };
    const [gone, tag] = [{ ...topic, sha: 'a'.repeat(40), generation: 0 }, 'refs/tags/v1'];
    const last = await finishedBuild(database, 400, topic);
    await builds(1);
    for (const cursor of [gone, { ...gone, ref: 'refs/heads/main' }, { ...gone, ref: tag }])
      await database.write((db) => moveCursor(db, 'app', null, cursor));
    const known = async () => [...(await cursorsOf(database, 'app')).values()];
    await markAbsent(
      database,
      'app',
      (await known()).map((cursor) => ({ cursor, absent: cursor.ref !== 'refs/heads/main' })),
    );
    const refs = async () => (await known()).map(({ ref }) => ref).sort();
    const states = async () =>
      (await database.db.selectFrom('branch_states').select('ref').orderBy('ref').execute()).map(({ ref }) => ref);
    expect(await expired({ keepDays: 30 })).to.deep.equal([last]);
    await forgetGoneBranches(database, 'app');
    expect(await refs()).to.deep.equal(['refs/heads/main', topic.ref, tag]);
    expect(await states()).to.deep.equal(['refs/heads/main', topic.ref]);
    await removeBuild(database, last);
    await forgetGoneBranches(database, 'app');
    expect(await refs()).to.deep.equal(['refs/heads/main', tag]);
    expect(await states()).to.deep.equal(['refs/heads/main']);
  });

  it('include the newest of a pull request, whose cursor is removed with the last of them', async () => {
    const ref = 'refs/pull/7/head';
    const last = await finishedBuild(database, 400, { ref, pullRequest: pullRequest7 });
    await builds(1);
    await database.write((db) => moveCursor(db, 'app', null, { ref, sha: 'a'.repeat(40), generation: 0 }));
    const cursors = async () => (await cursorsAt(database, 'app', [ref])).size;
    expect(await expired({ keepDays: 30 })).to.deep.equal([last]);
    await forgetGoneBranches(database, 'app');
    expect(await cursors()).to.equal(1);
    await removeBuild(database, last);
    await forgetGoneBranches(database, 'app');
    expect(await cursors()).to.equal(0);
  });

  it('are never open, and never those whose files are still to be written', async () => {
    const open = await recordedBuild(database);
    const [unwritten] = await builds(100, 1);
    await database.db.updateTable('builds').set({ reported_at: null }).where('id', '=', Number(unwritten)).execute();
    expect(await expired({ keepDays: 30, keepBuilds: 1 })).to.deep.equal([]);
    expect(await removeBuild(database, open), 'nor can it be removed').to.equal(false);
    expect(await findBuild(database, open)).to.include({ id: open });
  });

  it('leave nothing in the record, and numbers go on as they were', async () => {
    const [first, second] = await builds(100, 99, 1);
    for (const id of [first, second]) expect(await removeBuild(database, id as BuildId)).to.equal(true);
    for (const table of ['jobs', 'attempts', 'steps'] as const) {
      const rows = await database.db.selectFrom(table).selectAll().execute();
      expect(rows.length, table).to.equal(table === 'steps' ? 0 : 1);
    }
    const next = await findBuild(database, await recordedBuild(database));
    expect(next?.number).to.equal(4);
    expect(Number(next?.id)).to.be.above(3);
  });

  it('are the same in pages of any size', async () => {
    const ids = await builds(50, 1, 48, 47, 1);
    for (const page of [1, 2, 100]) {
      expect(await expired({ keepDays: 30 }, 'app', page)).to.deep.equal([ids[0], ids[2], ids[3]]);
    }
  });

  it('go with the requests that have had their effect, not with open ones', async () => {
    const [closed, open] = [await openTrigger(database, 'app', null), await openTrigger(database, 'app', null)];
    await database.write((db) => closeIntent(db, closed));
    expect(await removeClosedIntents(database, Date.now() + 1000, 10)).to.equal(1);
    expect(await findIntent(database, closed)).to.equal(undefined);
    expect(await findIntent(database, open)).to.include({ open: true });
  });
});
