import { expect } from 'chai';
import { jobIdOf } from '../../src/kernel/model.ts';
import type { Database } from '../../src/record/database.ts';
import { decideJob, startAttempt } from '../../src/record/job-transitions.ts';
import { oldestWaitingJob } from '../../src/record/waiting-jobs.ts';
import { plannedJob, recordedBuild, withRecord } from '../support/record.ts';

const box = { id: 'box~1', name: 'box', host: 'box' };

describe('the job that has waited the longest', () => {
  let database: Database;

  withRecord(
    (opened) => {
      database = opened;
    },
    { once: true },
  );

  it('is one that waits for a runner, or if there is none, one that waits for other jobs', async () => {
    expect(await oldestWaitingJob(database)).to.equal(undefined);
    const first = await recordedBuild(database, {
      jobs: [plannedJob('lint', { labels: ['linux'] }), plannedJob('test', { needs: ['lint'] })],
    });
    const second = await recordedBuild(database);
    // within one millisecond they would be equal
    await database.db.updateTable('attempts').set({ created_at: 1 }).where('job_id', '=', jobIdOf(first, 1)).execute();
    const [lint, test] = [1, 2].map((position) => ({ job: jobIdOf(first, position), attempt: position === 1 ? 1 : 0 }));
    if (!lint || !test) return;

    expect(await oldestWaitingJob(database)).to.deep.include({
      ...{ id: lint.job, build: first, repo: 'app', name: 'lint', status: 'queued', since: 1 },
      labels: ['linux'],
    });
    await startAttempt(database, lint, box, Date.now());
    expect(await oldestWaitingJob(database)).to.include({ id: jobIdOf(second, 1), status: 'queued' });
    const end = { status: 'cancelled', reason: 'by_user', message: null } as const;
    await decideJob(database, { job: jobIdOf(second, 1), attempt: 1 }, end, Date.now());
    expect(await oldestWaitingJob(database)).to.deep.include({ id: test.job, status: 'waiting', needs: ['lint'] });
    await decideJob(database, test, end, Date.now());
    expect(await oldestWaitingJob(database)).to.equal(undefined);
  });
});
