import { expect } from 'chai';
import { pursueApproval } from '../../src/dispatcher/build-gate.ts';
import { jobIdOf } from '../../src/kernel/model.ts';
import { decideWaits } from '../../src/record/approvals.ts';
import { approvalPlan } from '../../src/record/build-approvals.ts';
import { observed, plannedJob, pullRequest7, recordedBuild } from '../support/record.ts';
import { TestVolt } from '../support/volt.ts';

describe('an approved pull request', () => {
  let volt: TestVolt;
  before(async () => {
    volt = await TestVolt.start();
  });
  after(() => volt.stop());

  it('that cannot be read is asked for again for a week, and then ends as an error', async () => {
    const { database, queues } = volt.context;
    await observed(database, 'app', { pullRequests: 'approved' });
    const jobs = [plannedJob('approval', { plan: approvalPlan })];
    const approval = { digest: 'd', files: [], more: 0 };
    const build = await recordedBuild(database, { jobs, approval, pullRequest: pullRequest7 });
    await decideWaits(database, { build, jobs: null }, { decision: 'approved', by: 'ada', comment: null });
    const job = { id: jobIdOf(build, 1), attempt: 0 };
    const ended = async () => (await queues.queue('results').getWaiting()).map(({ data }) => data);
    await pursueApproval(volt.context, build, job);
    expect(await ended()).to.deep.equal([]);
    const week = 7 * 86_400_000;
    await database.db
      .updateTable('approvals')
      .set((eb) => ({ decided_at: eb('decided_at', '-', week) }))
      .execute();
    await pursueApproval(volt.context, build, job);
    expect((await ended())[0]).to.include({ kind: 'decided', job: job.id, status: 'error', reason: 'fetch_failed' });
  });
});
