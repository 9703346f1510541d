import { expect } from 'chai';
import { cursorsOf } from '../../src/record/cursors.ts';
import type { Database } from '../../src/record/database.ts';
import { findIntent, openCancels, openRetry, openTrigger } from '../../src/record/intents.ts';
import { noteDefaultBranch } from '../../src/record/observations.ts';
import { openJobs } from '../../src/record/open-jobs.ts';
import { watchedPullRequests } from '../../src/record/pull-requests.ts';
import { buildsToPurge, forgetRepository, purgeableRepository, removeRepository } from '../../src/record/removal.ts';
import { findRepository, mayTakeName, repositoryAt } from '../../src/record/repositories.ts';
import { setTrustedRefs, trustedRefs } from '../../src/record/trust.ts';
import { observed, plan, pullRequest7, recordedBuild, withRecord } from '../support/record.ts';

describe('a repository that is removed', () => {
  let database: Database;

  withRecord(
    (opened) => {
      database = opened;
    },
    { repositories: [] },
  );

  it('can no longer be found, and gets no builds', async () => {
    const { url } = await observed(database);
    expect(await removeRepository(database, 'app', false)).to.deep.equal({ url, host: null, builds: [] });
    expect(await findRepository(database, 'app')).to.equal(undefined);
    expect(await repositoryAt(database, url)).to.equal(undefined);
    expect(await plan(database)).to.deep.equal({ outcome: 'unknown_repository' });
    expect(await removeRepository(database, 'app', false)).to.equal(undefined);
    expect(await removeRepository(database, 'other', false)).to.equal(undefined);
  });

  it('has its open requests failed and its open builds cancelled, and keeps its history', async () => {
    await observed(database);
    await observed(database, 'other');
    const build = await recordedBuild(database);
    const wishes = [
      await openTrigger(database, 'app', null),
      await openRetry(database, 'app', build, { job: null, failedOnly: false }),
    ];
    const others = await openTrigger(database, 'other', null);
    expect(await removeRepository(database, 'app', false)).to.deep.include({ builds: [build] });
    for (const wish of wishes)
      expect(await findIntent(database, wish)).to.deep.include({
        open: false,
        error: { code: 'not_found', message: 'app is no longer observed', remedy: 'Add it again, then ask again.' },
      });
    expect(await findIntent(database, others)).to.include({ open: true });
    expect((await openCancels(database)).map((intent) => intent.build)).to.deep.equal([build]);
    expect((await openJobs(database, { limit: 10 })).map(({ repo }) => repo.removed)).to.deep.equal([true]);
  });

  it('keeps no secrets, which another repository of that name could read', async () => {
    await observed(database);
    const secret = { repo: 'app', name: 'TOKEN', value: 'x', key_id: 'k', in_environment: 0, updated_at: 1 };
    await database.db
      .insertInto('secrets')
      .values([secret, { ...secret, repo: null }])
      .execute();
    await removeRepository(database, 'app', false);
    const rows = await database.db.selectFrom('secrets').select('repo').execute();
    expect(rows).to.deep.equal([{ repo: null }]);
  });

  it('takes what its refs were trusted with along, though another one gets its name', async () => {
    await observed(database);
    await noteDefaultBranch(database, 'app', 'trunk');
    await setTrustedRefs(database, 'app', ['refs/**']);
    await removeRepository(database, 'app', false);
    await observed(database, 'app', { url: 'https://other.example/app.git' });
    expect(await trustedRefs(database, 'app')).to.deep.equal(['refs/tags/**']);
  });

  it('takes its pull requests along, whose numbers are others of the next one with its name', async () => {
    await observed(database);
    await recordedBuild(database, { ref: 'refs/pull/7/head', pullRequest: pullRequest7 });
    expect((await watchedPullRequests(database, 'app')).all.size).to.equal(1);
    await removeRepository(database, 'app', false);
    expect((await watchedPullRequests(database, 'app')).all.size).to.equal(0);
  });

  it('leaves its name to itself alone', async () => {
    const { url } = await observed(database);
    expect(await mayTakeName(database, 'app', url)).to.equal(false);
    await removeRepository(database, 'app', false);
    expect(await mayTakeName(database, 'app', url)).to.equal(true);
    expect(await mayTakeName(database, 'app', 'https://example.com/another')).to.equal(false);
  });

  it('may be purged when its builds have ended and are reported, also later', async () => {
    await observed(database);
    const build = await recordedBuild(database);
    await removeRepository(database, 'app', false);
    expect(await purgeableRepository(database)).to.equal(undefined);
    await removeRepository(database, 'app', true);
    expect(await purgeableRepository(database), 'a build is open').to.equal(undefined);
    await database.db.updateTable('builds').set({ finished_at: 1 }).execute();
    expect(await purgeableRepository(database), 'a build is not reported').to.equal(undefined);
    await database.db.updateTable('builds').set({ reported_at: 1 }).execute();
    expect(await purgeableRepository(database)).to.equal('app');
    expect(await buildsToPurge(database, 'app', 10)).to.deep.equal([build]);
  });

  it('is forgotten with all that is known of it', async () => {
    await observed(database);
    await recordedBuild(database, { trigger: 'commit', cursor: { before: null, generation: 0 } });
    await openTrigger(database, 'app', null);
    await removeRepository(database, 'app', true);
    await database.db.deleteFrom('builds').execute();
    await forgetRepository(database, 'app');
    expect((await cursorsOf(database, 'app')).size).to.equal(0);
    for (const table of ['jobs', 'intents', 'repositories'] as const)
      expect(await database.db.selectFrom(table).selectAll().execute(), table).to.deep.equal([]);
  });
});
