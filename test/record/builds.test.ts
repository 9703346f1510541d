import { expect } from 'chai';
import { type BuildId, jobIdOf } from '../../src/kernel/model.ts';
import {
  countOpenBuilds,
  findBuild,
  findJob,
  listBuilds,
  markReported,
  unreportedBuilds,
} from '../../src/record/builds.ts';
import type { Database } from '../../src/record/database.ts';
import { decideJob, startAttempt } from '../../src/record/job-transitions.ts';
import { openJobs } from '../../src/record/open-jobs.ts';
import { plannedJob, recordedBuild, withRecord } from '../support/record.ts';

const box = { id: 'box~1', name: 'box', host: 'box' };

describe('builds in the database', () => {
  let database: Database;

  withRecord(
    (opened) => {
      database = opened;
    },
    { repositories: ['app', 'other'] },
  );

  const list = async (filter: Partial<Parameters<typeof listBuilds>[1]> = {}) =>
    (await listBuilds(database, { limit: 50, ...filter })).map(({ id }) => id);
  const end = (build: BuildId, status: 'cancelled' | 'success' = 'cancelled') =>
    decideJob(
      database,
      { job: jobIdOf(build, 1), attempt: 1 },
      { status, reason: status === 'success' ? null : 'by_user', message: null },
      Date.now(),
    );

  it('are listed newest first', async () => {
    const ids: BuildId[] = [];
    for (let count = 0; count < 5; count++) ids.unshift(await recordedBuild(database));
    expect(await list()).to.deep.equal(ids);
    expect(await list({ limit: 2 })).to.deep.equal(ids.slice(0, 2));
  });

  it('are found by repository, commit and status, and by all of them together', async () => {
    const a = await recordedBuild(database, { sha: '1'.repeat(40) });
    const b = await recordedBuild(database, { repo: 'other', ref: 'refs/heads/dev', sha: '1'.repeat(40) });
    const c = await recordedBuild(database);
    await end(b);
    expect(await list({ repo: 'app' })).to.deep.equal([c, a]);
    expect(await list({ sha: '1'.repeat(40) })).to.deep.equal([b, a]);
    expect(await list({ status: 'cancelled' })).to.deep.equal([b]);
    expect(await list({ repo: 'other', sha: '1'.repeat(40), status: 'cancelled' })).to.deep.equal([b]);
    expect(await list({ repo: 'app', status: 'cancelled' })).to.deep.equal([]);
  });

  it('are found by id, with their jobs', async () => {
    const id = await recordedBuild(database, { jobs: [plannedJob('one'), plannedJob('two')] });
    const build = await findBuild(database, id);
    expect(build?.jobs.map(({ name }) => name)).to.deep.equal(['one', 'two']);
    expect(await findBuild(database, '999' as BuildId)).to.equal(undefined);
  });

  it('lead to their jobs', async () => {
    const id = await recordedBuild(database, { repo: 'other' });
    const job = jobIdOf(id, 1);
    expect(await findJob(database, job)).to.deep.equal({
      id: job,
      name: 'test',
      status: 'queued',
      attempt: 1,
      repo: 'other',
      build: id,
    });
    expect(await findJob(database, jobIdOf(id, 2))).to.equal(undefined);
  });

  it('are reported once, when they are final', async () => {
    const builds = [
      await recordedBuild(database),
      await recordedBuild(database),
      await recordedBuild(database),
    ] as const;
    expect(await unreportedBuilds(database, 10)).to.deep.equal([]);
    await end(builds[2]);
    await end(builds[0]);
    expect(await unreportedBuilds(database, 10)).to.deep.equal([builds[0], builds[2]]);
    expect(await unreportedBuilds(database, 1)).to.deep.equal([builds[0]]);
    await database.write((db) => markReported(db, [builds[0]]));
    expect(await unreportedBuilds(database, 10)).to.deep.equal([builds[2]]);
  });

  it('are counted by status while they are not final', async () => {
    const builds = [
      await recordedBuild(database),
      await recordedBuild(database),
      await recordedBuild(database),
      await recordedBuild(database),
    ] as const;
    await startAttempt(database, { job: jobIdOf(builds[0], 1), attempt: 1 }, box, Date.now());
    await end(builds[1]);
    expect(await countOpenBuilds(database)).to.deep.equal({ queued: 2, running: 1 });
  });

  describe('their open jobs', () => {
    const queuedAt = async (tag: number, name: string) => {
      const build = await recordedBuild(database, { jobs: [plannedJob(name)] });
      await database.db.updateTable('jobs').set({ virtual_start: tag }).where('id', '=', jobIdOf(build, 1)).execute();
    };

    it('are listed in the order in which they run', async () => {
      const starts = { late: 9, early: 1, middle: 5 };
      for (const [name, start] of Object.entries(starts)) {
        await queuedAt(start, name);
      }
      await queuedAt(1, 'early too');
      const jobs = await openJobs(database, { limit: 10 });
      expect(jobs.map(({ name }) => name)).to.deep.equal(['early', 'early too', 'middle', 'late']);
      expect((await openJobs(database, { limit: 2 })).map(({ name }) => name)).to.deep.equal(['early', 'early too']);
    });

    it('are found by build and by status, with everything needed to send them', async () => {
      const id = await recordedBuild(database, {
        jobs: [plannedJob('one', { labels: ['gpu'] }), plannedJob('two', { needs: ['one'] }), plannedJob('three')],
      });
      await recordedBuild(database);
      await end(id, 'success');
      await startAttempt(database, { job: jobIdOf(id, 3), attempt: 1 }, box, 1000);
      const jobs = await openJobs(database, { build: id, limit: 10 });
      expect(jobs.map(({ name, status }) => [name, status])).to.have.deep.members([
        ['two', 'waiting'],
        ['three', 'running'],
      ]);
      const running = await openJobs(database, { build: id, status: 'running', limit: 10 });
      expect(running).to.deep.equal([
        {
          hasCredential: false,
          hasSecretsInEnvironment: false,
          id: jobIdOf(id, 3),
          build: id,
          name: 'three',
          status: 'running',
          attempt: 1,
          labels: [],
          needs: [],
          plan: '{"kind":"discover"}',
          timeout: 60,
          virtualStart: 1,
          firstAttempt: 1,
          lostAttempts: 0,
          runner: { id: 'box~1', name: 'box' },
          startedAt: 1000,
          dueAt: null,
          tried: [],
          ref: 'refs/heads/main',
          sha: 'a'.repeat(40),
          pullRequest: null,
          merge: null,
          laterPlan: undefined,
          repo: {
            name: 'app',
            url: 'https://example.com/app.git',
            host: null,
            reports: [],
            env: {},
            image: null,
            pullRequestLabels: null,
            filter: null,
            removed: false,
            runners: [],
          },
          storedTrust: { defaultBranch: null, named: null },
          concernsStrangers: false,
        },
      ]);
    });
  });
});
