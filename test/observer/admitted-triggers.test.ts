import { expect } from 'chai';
import type { BuildId } from '../../src/kernel/model.ts';
import { admittedTriggers } from '../../src/observer/admitted-triggers.ts';
import { newestOf } from '../../src/record/branches.ts';
import type { Database } from '../../src/record/database.ts';
import { requestEvent } from '../../src/record/event-requests.ts';
import { openTrigger } from '../../src/record/intents.ts';
import { openJobs } from '../../src/record/open-jobs.ts';
import { recordedBuild, withRecord } from '../support/record.ts';

describe('requests that strangers have caused', () => {
  let database: Database;
  withRecord((opened) => {
    database = opened;
  });

  const comment = { name: 'issue_comment', action: 'created' };
  const made = (event = comment) => recordedBuild(database, { trigger: 'event', event });
  const ask = (id: number, repo = 'app') =>
    requestEvent(database, repo, {
      ...{ ref: null, isByStranger: true },
      event: { name: 'forge', event: 'issue_comment', action: 'created', payload: { id } },
    });
  const admitted = async () => (await admittedTriggers(database, 'app')).triggers;

  it('wait while 20 builds of such events are open, and hold up nothing that a person asks for', async () => {
    for (let id = 0; id < 18; id++) await made();
    await made({ name: 'release', action: 'published' });
    for (let id = 0; id < 5; id++) await ask(id);
    const asked = await openTrigger(database, 'app', 'main');
    const now = await admitted();
    expect(now.map(({ id }) => id)).to.include(asked);
    const ids = now.flatMap(({ event }) => (event as { payload: { id: number } } | null)?.payload.id ?? []);
    expect(ids, 'the first ones').to.deep.equal([0, 1]);
    expect(await admitted(), 'the same at the next poll').to.deep.equal(now);
    await made();
    await made();
    expect((await admitted()).map(({ id }) => id)).to.deep.equal([asked]);
  });

  it('are known by their event, whatever texts are in it, and are not read while they wait', async () => {
    for (let id = 0; id < 20; id++) await made();
    const run = (isByStranger: boolean) => ({
      name: 'workflow_run',
      run: { name: '"isByStranger":true', isByStranger },
    });
    const release = { name: 'forge', event: 'release', payload: { isByStranger: true, text: '"event":"issues"' } };
    const waiting = [
      { name: 'forge', event: 'issues', payload: {} },
      { name: 'pull_request_target', number: 1, action: 'edited' },
      run(true),
    ];
    for (const event of waiting) await openTrigger(database, 'app', null, event);
    const others = [run(false), release, { name: 'pull_request', number: 1, action: 'edited' }, null];
    for (const event of others) await openTrigger(database, 'app', null, event);
    // one that cannot be read would fail the poll
    await database.db
      .updateTable('intents')
      .set({ event: '{"name":"forge","event":"issues",' })
      .where('id', '=', 1)
      .execute();
    const { triggers, waiting: count } = await admittedTriggers(database, 'app');
    expect(triggers.map(({ event }) => event)).to.deep.equal(others);
    expect(count).to.equal(7);
  });

  it('are dropped once 100 wait, and for a repository that is not observed', async () => {
    for (let id = 0; id < 100; id++) expect(await ask(id)).to.equal(true);
    expect(await ask(100)).to.equal(false);
    expect(await ask(0, 'other')).to.equal(false);
  });

  it('make builds whose jobs let those of branches go first, and which say nothing about the branch', async () => {
    const own = await recordedBuild(database);
    await made();
    const starts = await database.db.selectFrom('jobs').select('virtual_start').orderBy('build_id').execute();
    expect(starts.map((job) => job.virtual_start)).to.deep.equal([1, 1]);
    const kinds = (await openJobs(database, { limit: 9 })).map(({ build, laterPlan }) => [build, laterPlan]);
    expect(new Map(kinds as [string, string | undefined][]).get(own)).to.equal(undefined);
    expect(kinds.flatMap(([, kind]) => kind ?? [])).to.deep.equal(['event']);
    const next = await recordedBuild(database);
    const [job] = await database.db
      .selectFrom('jobs')
      .select('virtual_start')
      .where('build_id', '=', Number(next))
      .execute();
    expect(job?.virtual_start, 'not pushed back').to.equal(2);
    expect((await newestOf(database, { repo: 'app', ref: 'refs/heads/main' }))?.id).to.equal(next as BuildId);
    await made();
    expect((await newestOf(database, { repo: 'app', ref: 'refs/heads/main' }))?.id).to.equal(next);
    expect(own).to.not.equal(next);
  });
});
