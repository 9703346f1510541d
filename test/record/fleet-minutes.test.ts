import { expect } from 'chai';
import { jobIdOf } from '../../src/kernel/model.ts';
import type { Database } from '../../src/record/database.ts';
import { addFleetMoment, fleetMinutes } from '../../src/record/fleet-minutes.ts';
import { startAttempt } from '../../src/record/job-transitions.ts';
import { busyTime } from '../../src/record/runner-use.ts';
import { countOpenJobs } from '../../src/record/waiting-jobs.ts';
import { plannedJob, recordedBuild, withRecord } from '../support/record.ts';

const minute = 60_000;
const start = 28_000_000 * minute;

describe('the use of the fleet', () => {
  let database: Database;

  withRecord((opened) => {
    database = opened;
  });

  it('has one entry for each minute: the most jobs that waited, and the mean of the busy slots', async () => {
    const moments = [
      { at: start, waiting: 3, busy: 1, slots: 2 },
      { at: start + 15_000, waiting: 1, busy: 2, slots: 4 },
      { at: start + 59_999, waiting: 2, busy: 0, slots: 4 },
      { at: start + minute, waiting: 0, busy: 4, slots: 4 },
    ];
    for (const moment of moments) await addFleetMoment(database, moment);
    expect(await fleetMinutes(database, 0)).to.deep.equal([
      { at: start, waiting: 3, busy: 1, slots: 4 },
      { at: start + minute, waiting: 0, busy: 4, slots: 4 },
    ]);
    expect(await fleetMinutes(database, start + 1)).to.have.lengthOf(1);
  });

  it('is kept for a day, however long it is measured', async () => {
    const day = 24 * 60;
    for (let count = 0; count < 3 * day; count += 30)
      await addFleetMoment(database, { at: start + count * minute, waiting: 0, busy: 0, slots: 1 });
    const kept = await fleetMinutes(database, 0);
    expect(kept.at(-1)?.at).to.equal(start + (3 * day - 30) * minute);
    expect(kept[0]?.at).to.be.within(start + (2 * day - 120) * minute, start + (2 * day - 30) * minute);
  });

  it('of a runner counts what lies in the time: of ended jobs and of those that run', async () => {
    const build = await recordedBuild(database, { jobs: ['a', 'b', 'c', 'd'].map((name) => plannedJob(name)) });
    const runner = (name: string) => ({ id: `${name}~1`, name, host: 'box' });
    const attempts = [
      { name: 'r1', from: 0, to: 40 },
      { name: 'r1', from: 50, to: null },
      { name: 'r1', from: 5, to: 8 },
      { name: 'r2', from: 90, to: 200 },
    ];
    for (const [index, { name, from, to }] of attempts.entries()) {
      const job = jobIdOf(build, index + 1);
      await startAttempt(database, { job, attempt: 1 }, runner(name), from);
      if (to !== null)
        await database.db.updateTable('attempts').set({ finished_at: to }).where('job_id', '=', job).execute();
    }
    const busy = await busyTime(database, ['r1', 'r2', 'r3'], { from: 10, to: 100 });
    expect(Object.fromEntries(busy)).to.deep.equal({ r1: 30 + 50, r2: 10 });
    expect(await busyTime(database, [], { from: 0, to: 1 })).to.deep.equal(new Map());
  });

  it('has a count of the jobs that wait for a runner and of those that run', async () => {
    const build = await recordedBuild(database, { jobs: ['a', 'b', 'c'].map((name) => plannedJob(name)) });
    await startAttempt(database, { job: jobIdOf(build, 1), attempt: 1 }, { id: 'r~1', name: 'r', host: 'box' }, 1);
    expect(await countOpenJobs(database)).to.deep.equal({ queued: 2, running: 1 });
  });
});
