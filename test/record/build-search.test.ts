import { expect } from 'chai';
import { type BuildId, type FinalStatus, jobIdOf } from '../../src/kernel/model.ts';
import { type BuildSearch, countNewer, countOpen, pageOfBuilds, searchBuilds } from '../../src/record/build-search.ts';
import type { Database } from '../../src/record/database.ts';
import { dotsOfBuilds } from '../../src/record/job-dots.ts';
import { decideJob, startAttempt } from '../../src/record/job-transitions.ts';
import type { NewBuild } from '../../src/record/plans.ts';
import { administrator, nobody } from '../../src/record/visibility.ts';
import { plannedJob, pullRequest7, recordedBuild, withRecord } from '../support/record.ts';

const box = { id: 'box~1', name: 'box', host: 'box' };
const everything: BuildSearch = { reader: administrator };

describe('a search for builds', () => {
  let database: Database;

  withRecord(
    (opened) => {
      database = opened;
    },
    { repositories: ['app', 'other'] },
  );

  const found = async (
    search: Partial<BuildSearch>,
    span: { before?: BuildId; after?: BuildId; limit?: number } = {},
  ) => (await searchBuilds(database, { ...everything, ...search }, { limit: 50, ...span })).map(({ id }) => id);
  const end = (build: BuildId, status: FinalStatus, position = 1) =>
    decideJob(
      database,
      { job: jobIdOf(build, position), attempt: 1 },
      { status, reason: status === 'success' ? null : 'exit_code', message: null },
      Date.now(),
    );
  const ended = async (status: FinalStatus, more: Partial<NewBuild> = {}) => {
    const build = await recordedBuild(database, more);
    await end(build, status);
    return build;
  };
  const branch = async (repo: string, name: string, absent = 0) => {
    const cursor = { repo, ref: `refs/heads/${name}`, sha: 'a'.repeat(40), generation: 0, moved_at: 1, absent };
    await database.write(async (db) => {
      await db.insertInto('cursors').values(cursor).execute();
    });
  };

  it('finds builds that fit one of the values of each field, newest first', async () => {
    const a = await ended('failure');
    const b = await ended('error', { repo: 'other', ref: 'refs/heads/dev' });
    const c = await ended('success', { ref: 'refs/heads/dev' });
    const d = await recordedBuild(database, { ref: 'refs/heads/third', author: 'Grace' });
    expect(await found({})).to.deep.equal([d, c, b, a]);
    expect(await found({ repos: ['app', 'other'], branches: ['main', 'dev'] })).to.deep.equal([c, b, a]);
    expect(await found({ statuses: ['failure', 'error'] })).to.deep.equal([b, a]);
    expect(await found({ repos: ['app'], branches: ['dev', 'main'], statuses: ['success'] })).to.deep.equal([c]);
    expect(await found({ authors: ['GRA', 'nobody'] })).to.deep.equal([d]);
    expect(await found({ reader: nobody })).to.deep.equal([]);
  });

  it('has pages without gaps, also of several values', async () => {
    const ids: BuildId[] = [];
    for (let count = 0; count < 6; count++)
      ids.unshift(await recordedBuild(database, { repo: count % 2 === 0 ? 'app' : 'other' }));
    const both = { repos: ['app', 'other'] };
    const page = await found(both, { limit: 4 });
    expect(page).to.deep.equal(ids.slice(0, 4));
    expect(await found(both, { limit: 4, before: page[3] as BuildId })).to.deep.equal(ids.slice(4));
  });

  it('goes on below the builds that one request reads for a text', async () => {
    const old = await recordedBuild(database, { subject: 'Mend the totals' });
    const row = await database.db.selectFrom('builds').selectAll().executeTakeFirstOrThrow();
    const late = { ...row, id: 30_000, number: 2, offer: 'late' };
    await database.db.insertInto('builds').values(late).execute();
    const search = { ...everything, text: 'totals' };
    const idsOf = async (before?: BuildId) => {
      const { builds, next } = await pageOfBuilds(database, search, { before, limit: 5 });
      return { ids: builds.map(({ id }) => id), next };
    };
    const first = await idsOf();
    expect(first).to.deep.equal({ ids: ['30000'], next: '10001' });
    expect(await idsOf(first.next)).to.deep.equal({ ids: [old], next: undefined });
  });

  it('tells pushes, pull requests and what else has started a build apart', async () => {
    const push = await recordedBuild(database, { trigger: 'commit' });
    const pull = await recordedBuild(database, {
      trigger: 'commit',
      ref: 'refs/pull/7/head',
      pullRequest: pullRequest7,
    });
    const timed = await recordedBuild(database, { trigger: 'schedule' });
    expect(await found({ events: ['push'] })).to.deep.equal([push]);
    expect(await found({ events: ['pull_request'] })).to.deep.equal([pull]);
    expect(await found({ events: ['schedule', 'push'] })).to.deep.equal([timed, push]);
    expect(await found({ pull: 7 })).to.deep.equal([pull]);
  });

  it('finds the builds by which branches are failing now', async () => {
    for (const name of ['main', 'fixed', 'busy']) await branch('app', name);
    await branch('app', 'gone', 1);
    await ended('failure');
    const newest = await ended('error');
    await ended('cancelled');
    await ended('failure', { ref: 'refs/heads/fixed' });
    await ended('success', { ref: 'refs/heads/fixed' });
    await ended('failure', { ref: 'refs/heads/gone' });
    const busy = await ended('failure', { ref: 'refs/heads/busy' });
    await recordedBuild(database, { ref: 'refs/heads/busy' });
    await ended('success', { ref: 'refs/heads/busy', event: { name: 'issue_comment', action: 'created' } });
    expect(await found({ failing: true })).to.deep.equal([busy, newest]);
    expect(await found({ failing: true, branches: ['main'] })).to.deep.equal([newest]);
  });

  it('finds what a schedule has started and is failing now, which hides no failed push', async () => {
    await branch('app', 'main');
    await database.db.updateTable('repositories').set({ default_branch: 'main' }).execute();
    const [nightly, weekly] = ['.github/workflows/nightly.yml', '.github/workflows/weekly.yml'];
    for (const workflow of [nightly, weekly])
      await database.db
        .insertInto('schedules')
        .values({ repo: 'app', workflow, cron: '0 3 * * *', timezone: null, next_at: 1 })
        .execute();
    const failed = await ended('failure', { trigger: 'schedule', scheduled: nightly });
    const pushed = await ended('failure');
    await ended('success', { trigger: 'schedule', scheduled: weekly });
    expect(await found({ failing: true })).to.deep.equal([pushed, failed]);
    await ended('success');
    expect(await found({ failing: true })).to.deep.equal([failed]);
    await database.db.deleteFrom('schedules').where('workflow', '=', nightly).execute();
    expect(await found({ failing: true })).to.deep.equal([]);
  });

  it('counts what is newer than a build, up to a bound, and what runs and waits', async () => {
    const first = await recordedBuild(database);
    const second = await recordedBuild(database, { repo: 'other' });
    await recordedBuild(database);
    await startAttempt(database, { job: jobIdOf(second, 1), attempt: 1 }, box, Date.now());
    expect(await countNewer(database, everything, first, 100)).to.equal(2);
    expect(await countNewer(database, everything, first, 1)).to.equal(1);
    expect(await countNewer(database, { ...everything, repos: ['other'] }, first, 100)).to.equal(1);
    expect(await countOpen(database, everything)).to.deep.equal({ running: 1, queued: 2 });
    expect(await countOpen(database, { ...everything, repos: ['app'] })).to.deep.equal({ running: 0, queued: 2 });
  });

  it('shows some jobs of each build, those that failed or run before the others', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const build = await recordedBuild(database, { jobs: names.map((name) => plannedJob(name)) });
    const small = await recordedBuild(database);
    await end(build, 'failure', 5);
    await startAttempt(database, { job: jobIdOf(build, 3), attempt: 1 }, box, Date.now());
    const dots = await dotsOfBuilds(database, [build, small], 3);
    const named = (of: BuildId) => dots.get(of)?.jobs.map(({ name, status }) => `${name} ${status}`);
    expect(named(build)).to.deep.equal(['a queued', 'c running', 'e failure']);
    expect(dots.get(build)?.more).to.equal(2);
    expect([named(small), dots.get(small)?.more]).to.deep.equal([['test queued'], 0]);
  });
});
