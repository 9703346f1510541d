import { expect } from 'chai';
import { jobIdOf } from '../../src/kernel/model.ts';
import { decideJob, startAttempt } from '../../src/record/moves.ts';
import type { Record } from '../../src/record/record.ts';
import { oldestWaitingJob } from '../../src/record/waiting-jobs.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, openRecord, plannedJob, recordedBuild } from '../support/record.ts';

const box = { id: 'box~1', name: 'box', host: 'box' };

describe('the job that has waited the longest', () => {
  const folders = new TestFolders();
  let record: Record;

  before(async () => {
    record = await openRecord(folders.make());
    await observed(record);
  });
  after(async () => {
    await record.close();
    folders.remove();
  });

  it('is one that waits for a runner, and where there is none, one that waits for others', async () => {
    expect(await oldestWaitingJob(record)).to.equal(undefined);
    const first = await recordedBuild(record, {
      jobs: [plannedJob('lint', { labels: ['linux'] }), plannedJob('test', { needs: ['lint'] })],
    });
    const second = await recordedBuild(record);
    // within one millisecond they would be equal
    await record.db.updateTable('attempts').set({ created_at: 1 }).where('job_id', '=', jobIdOf(first, 1)).execute();
    const [lint, test] = [1, 2].map((position) => ({ job: jobIdOf(first, position), attempt: position === 1 ? 1 : 0 }));
    if (!lint || !test) return;

    expect(await oldestWaitingJob(record)).to.deep.include({
      ...{ id: lint.job, build: first, repo: 'app', name: 'lint', status: 'queued', since: 1 },
      labels: ['linux'],
    });
    await startAttempt(record, lint, box, Date.now());
    expect(await oldestWaitingJob(record)).to.include({ id: jobIdOf(second, 1), status: 'queued' });
    const end = { status: 'cancelled', reason: 'by_user', message: null } as const;
    await decideJob(record, { job: jobIdOf(second, 1), attempt: 1 }, end, Date.now());
    expect(await oldestWaitingJob(record)).to.deep.include({ id: test.job, status: 'waiting', needs: ['lint'] });
    await decideJob(record, test, end, Date.now());
    expect(await oldestWaitingJob(record)).to.equal(undefined);
  });
});
