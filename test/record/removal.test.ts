import { expect } from 'chai';
import { cursorsOf } from '../../src/record/cursors.ts';
import { findIntent, openCancels, openRetry, openTrigger } from '../../src/record/intents.ts';
import { noteDefaultBranch } from '../../src/record/observations.ts';
import { openJobs } from '../../src/record/open-jobs.ts';
import type { Record } from '../../src/record/record.ts';
import { buildsToPurge, forgetRepository, purgeableRepository, removeRepository } from '../../src/record/removal.ts';
import { findRepository, mayTakeName, repositoryAt } from '../../src/record/repositories.ts';
import { setTrustedRefs, trustedRefs } from '../../src/record/trust.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, openRecord, plan, recordedBuild } from '../support/record.ts';

describe('a repository that is removed', () => {
  const folders = new TestFolders();
  let record: Record;

  beforeEach(async () => {
    record = await openRecord(folders.make());
  });

  afterEach(() => record.close());

  after(folders.remove);

  it('is found no more, and gets no builds', async () => {
    const { url } = await observed(record);
    expect(await removeRepository(record, 'app', false)).to.deep.equal({ url, host: null, builds: [] });
    expect(await findRepository(record, 'app')).to.equal(undefined);
    expect(await repositoryAt(record, url)).to.equal(undefined);
    expect(await plan(record)).to.deep.equal({ outcome: 'unknown_repository' });
    expect(await removeRepository(record, 'app', false)).to.equal(undefined);
    expect(await removeRepository(record, 'other', false)).to.equal(undefined);
  });

  it('has what was asked of it fail, and its open builds cancelled, which are still known', async () => {
    await observed(record);
    await observed(record, 'other');
    const build = await recordedBuild(record);
    const wishes = [
      await openTrigger(record, 'app', null),
      await openRetry(record, 'app', build, { job: null, failedOnly: false }),
    ];
    const others = await openTrigger(record, 'other', null);
    expect(await removeRepository(record, 'app', false)).to.deep.include({ builds: [build] });
    for (const wish of wishes)
      expect(await findIntent(record, wish)).to.deep.include({
        open: false,
        error: { code: 'not_found', message: 'app is not observed any more', remedy: 'Add it again, then ask again.' },
      });
    expect(await findIntent(record, others)).to.include({ open: true });
    expect((await openCancels(record)).map((intent) => intent.build)).to.deep.equal([build]);
    expect((await openJobs(record, { limit: 10 })).map(({ repo }) => repo.removed)).to.deep.equal([true]);
  });

  it('keeps no secrets, which another repository of that name could read', async () => {
    await observed(record);
    const secret = { repo: 'app', name: 'TOKEN', value: 'x', key_id: 'k', in_environment: 0, updated_at: 1 };
    await record.db
      .insertInto('secrets')
      .values([secret, { ...secret, repo: null }])
      .execute();
    await removeRepository(record, 'app', false);
    const rows = await record.db.selectFrom('secrets').select('repo').execute();
    expect(rows).to.deep.equal([{ repo: null }]);
  });

  it('takes what its refs were trusted with along, though another one gets its name', async () => {
    await observed(record);
    await noteDefaultBranch(record, 'app', 'trunk');
    await setTrustedRefs(record, 'app', ['refs/**']);
    await removeRepository(record, 'app', false);
    await observed(record, 'app', { url: 'https://other.example/app.git' });
    expect(await trustedRefs(record, 'app')).to.deep.equal(['refs/tags/**']);
  });

  it('leaves its name to itself alone', async () => {
    const { url } = await observed(record);
    expect(await mayTakeName(record, 'app', url)).to.equal(false);
    await removeRepository(record, 'app', false);
    expect(await mayTakeName(record, 'app', url)).to.equal(true);
    expect(await mayTakeName(record, 'app', 'https://example.com/another')).to.equal(false);
  });

  it('may be purged when its builds have ended and are reported, also later', async () => {
    await observed(record);
    const build = await recordedBuild(record);
    await removeRepository(record, 'app', false);
    expect(await purgeableRepository(record)).to.equal(undefined);
    await removeRepository(record, 'app', true);
    expect(await purgeableRepository(record), 'a build is open').to.equal(undefined);
    await record.db.updateTable('builds').set({ finished_at: 1 }).execute();
    expect(await purgeableRepository(record), 'a build is not reported').to.equal(undefined);
    await record.db.updateTable('builds').set({ reported_at: 1 }).execute();
    expect(await purgeableRepository(record)).to.equal('app');
    expect(await buildsToPurge(record, 'app', 10)).to.deep.equal([build]);
  });

  it('is forgotten with all that is known of it', async () => {
    await observed(record);
    await recordedBuild(record, { trigger: 'commit', cursor: { before: null, generation: 0 } });
    await openTrigger(record, 'app', null);
    await removeRepository(record, 'app', true);
    await record.db.deleteFrom('builds').execute();
    await forgetRepository(record, 'app');
    expect((await cursorsOf(record, 'app')).size).to.equal(0);
    for (const table of ['jobs', 'intents', 'repositories'] as const)
      expect(await record.db.selectFrom(table).selectAll().execute(), table).to.deep.equal([]);
  });
});
