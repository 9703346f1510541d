import { expect } from 'chai';
import type { BuildId, FinalStatus, JobId } from '../../src/kernel/model.ts';
import type { Database } from '../../src/record/database.ts';
import { openRetry } from '../../src/record/intents.ts';
import { queueJob } from '../../src/record/job-transitions.ts';
import type { NewBuild } from '../../src/record/plans.ts';
import { removeRepository } from '../../src/record/removal.ts';
import { retryJobs } from '../../src/record/retries.ts';
import { recordTests } from '../../src/record/test-results.ts';
import { endBuild } from '../support/ended-build.ts';
import { observed, pullRequest7, recordedBuild, withRecord } from '../support/record.ts';
import { noFailure } from '../support/test-result.ts';

describe('the end of a build, for its branch,', () => {
  let database: Database;
  withRecord((opened) => {
    database = opened;
  });
  beforeEach(async () => {
    builds = [];
    await database.db
      .insertInto('notice_targets')
      .values({
        ...{
          name: 'all',
          kind: 'webhook',
          shown: '',
          address: '',
          key_id: '',
          private: 0,
          repos: '[]',
          branches: '[]',
        },
        ...{ choice: 'all', options: '{}', created_by: 'owner', created_at: 1 },
      })
      .execute();
  });

  let builds: BuildId[];
  const begin = async (author = 'ada', change: Partial<NewBuild> = {}) => {
    builds.push(await recordedBuild(database, { authorAddress: `${author}@example.org`, ...change }));
    return builds.length - 1;
  };
  const idOf = (index: number) => builds[index] as BuildId;
  const end = (index: number, status: FinalStatus, attempt = 1) => endBuild(database, idOf(index), status, { attempt });
  const run = async (status: FinalStatus, author?: string) => end(await begin(author), status);
  const retry = async (index: number, status: FinalStatus, attempt: number) => {
    const build = idOf(index);
    const id = await openRetry(database, 'app', build, { job: null, failedOnly: false });
    await retryJobs(database, { id, build }, (jobs) => jobs.map((job) => job.id));
    await queueJob(database, `${build}-1` as JobId);
    await end(index, status, attempt);
  };
  /** Each change as `build event since`, with a star if it is news; builds by their order. */
  const changes = async () => {
    const rows = await database.db.selectFrom('branch_changes').selectAll().orderBy('id').execute();
    const orderOf = (id: number) => builds.indexOf(String(id) as BuildId) + 1;
    return rows.map(({ build_id, event, is_change, since }) =>
      [orderOf(build_id), event + (is_change ? '*' : ''), ...(since === null ? [] : [orderOf(since)])].join(' '),
    );
  };

  it('breaks it, leaves it broken, mends it', async () => {
    for (const status of ['success', 'failure', 'failure', 'success', 'success'] as const) await run(status);
    expect(await changes()).to.deep.equal(['1 passed', '2 broken* 2', '3 still_broken 2', '4 fixed* 2', '5 passed']);
  });

  it('is news where another author fails on a broken branch, once', async () => {
    await run('success');
    for (const author of ['ada', 'grace', 'ada', 'grace']) await run('failure', author);
    expect((await changes()).slice(1)).to.deep.equal([
      ...['2 broken* 2', '3 still_broken* 2', '4 still_broken 2', '5 still_broken 2'],
    ]);
  });

  it('is news where another author fails, however the address is written', async () => {
    await run('success');
    for (const author of ['ada', 'Ada', 'ADA']) await run('failure', author);
    expect((await changes()).slice(1)).to.deep.equal(['2 broken* 2', '3 still_broken 2', '4 still_broken 2']);
  });

  it('says nothing of a repository that had the name before', async () => {
    for (const status of ['success', 'failure'] as const) await run(status);
    const late = await begin();
    await removeRepository(database, 'app', false);
    await observed(database, 'app', { url: 'https://other.example/app.git' });
    await end(late, 'failure');
    for (const status of ['failure', 'success'] as const) await run(status, 'grace');
    expect((await changes()).slice(2)).to.deep.equal(['4 failing* 4', '5 fixed* 4']);
  });

  it('blames nobody where no build has passed before', async () => {
    for (const status of ['failure', 'failure', 'success'] as const) await run(status);
    expect(await changes()).to.deep.equal(['1 failing* 1', '2 still_broken 1', '3 fixed* 1']);
  });

  it('says nothing where the build was cancelled, skipped, or is one of a pull request', async () => {
    await run('cancelled');
    await run('skipped');
    await end(await begin('eve', { pullRequest: pullRequest7 }), 'failure');
    await end(await begin('ada', { ref: 'refs/tags/v1' }), 'failure');
    expect(await changes()).to.deep.equal([]);
  });

  it('moves a workflow that a schedule starts on by itself, and blames no author of it', async () => {
    const nightly = async (status: FinalStatus, author?: string) =>
      end(await begin(author, { trigger: 'schedule', scheduled: '.github/workflows/nightly.yml' }), status);
    await run('success');
    await nightly('success');
    await run('failure');
    await nightly('success');
    await run('failure');
    await nightly('failure');
    await nightly('failure', 'grace');
    await run('success');
    await nightly('success');
    expect(await changes()).to.deep.equal([
      ...['1 passed', '2 passed', '3 broken* 3', '4 passed', '5 still_broken 3'],
      ...['6 broken* 6', '7 still_broken 6', '8 fixed* 3', '9 fixed* 6'],
    ]);
  });

  it('leaves its state alone where the build had an error, which is news once', async () => {
    for (const status of ['success', 'error', 'error', 'failure', 'error', 'success'] as const) await run(status);
    expect(await changes()).to.deep.equal([
      ...['1 passed', '2 error*', '3 error', '4 broken* 4', '5 error* 4', '6 fixed* 4'],
    ]);
  });

  /** Ends a build that has failed by a flaky test alone. */
  const runFlaky = async (author?: string) => {
    const flaky = await begin(author);
    const failed = { ...noFailure, suite: '', name: 'a', file: null, status: 'failed' as const, duration: 1 };
    await recordTests(database, { job: `${idOf(flaky)}-1` as JobId, attempt: 1 }, 1, [failed]);
    await database.db.updateTable('tests').set({ flaky_commits: 1 }).execute();
    await end(flaky, 'failure');
  };

  it('leaves its state alone where only flaky tests failed', async () => {
    await run('success');
    await runFlaky();
    await run('success');
    expect(await changes()).to.deep.equal(['1 passed', '2 flaky*', '3 passed']);
  });

  it('is news to an author of whom only flaky tests have failed before', async () => {
    await run('success');
    await run('failure');
    await runFlaky('grace');
    await run('failure', 'grace');
    expect(await changes()).to.deep.equal(['1 passed', '2 broken* 2', '3 flaky* 2', '4 still_broken* 2']);
  });

  it('is decided by a retry', async () => {
    await run('success');
    await run('failure');
    await retry(1, 'failure', 2);
    await retry(1, 'success', 3);
    expect(await changes()).to.deep.equal(['1 passed', '2 broken* 2', '2 still_broken 2', '2 fixed* 2']);
  });

  describe('where builds end in another order', () => {
    it('is decided by the newest', async () => {
      await run('success');
      const [second, third] = [await begin(), await begin('grace')];
      await end(third, 'success');
      await end(second, 'failure');
      expect(await changes()).to.deep.equal(['1 passed', '3 passed', '2 outdated']);
    });

    it('knows when it broke, and who else is to hear of it', async () => {
      await run('success');
      const [second, third] = [await begin(), await begin('grace')];
      await end(third, 'failure');
      await end(second, 'failure');
      await run('success');
      expect(await changes()).to.deep.equal(['1 passed', '3 broken* 3', '2 still_broken* 2', '4 fixed* 2']);
    });

    it('takes no build from before the last that passed for the first failure', async () => {
      await run('success');
      const second = await begin();
      await run('success');
      await run('failure');
      await end(second, 'failure');
      await run('success');
      expect(await changes()).to.deep.equal(['1 passed', '3 passed', '4 broken* 4', '2 outdated', '5 fixed* 4']);
    });
  });

  it('goes on from the builds that were there before its state was kept', async () => {
    await run('success');
    await run('failure');
    await database.db.deleteFrom('branch_states').execute();
    await database.db.deleteFrom('branch_changes').execute();
    await run('success');
    expect(await changes()).to.deep.equal(['3 fixed* 2']);
  });
});
