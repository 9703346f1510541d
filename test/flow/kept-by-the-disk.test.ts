import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { routeBuild } from '../../src/dispatcher/route.ts';
import { spoolFile } from '../../src/kernel/data-paths.ts';
import { type BuildId, jobIdOf } from '../../src/kernel/model.ts';
import { only } from '../support/database.ts';
import { observed, recordedBuild } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { SlowDisk } from '../support/slow-disk.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('data that is not on the disk yet', () => {
  let volt: TestVolt;
  let disk: SlowDisk;

  beforeEach(async () => {
    volt = await TestVolt.start();
    disk = await SlowDisk.hold();
  });
  afterEach(async () => {
    disk.release();
    await volt.stop();
  });

  only.sqlite('keeps a job from being sent until its build is on the disk', async () => {
    const { database, queues } = volt.context;
    await observed(database);
    const build = await recordedBuild(database);
    const routing = routeBuild(volt.context, build);
    await until('a write waits for the disk', () => disk.asked === 1);
    expect(await queues.queue('jobs').getJobCounts()).to.include({ prioritized: 0, waiting: 0 });
    disk.turn();
    await routing;
    expect(await queues.queue('jobs').getJobCounts()).to.include({ prioritized: 1 });
  });

  only.sqlite('keeps a decision from being announced until it is on the disk', async () => {
    const { database, queues } = volt.context;
    await observed(database);
    const job = jobIdOf(await recordedBuild(database), 1);
    const decided = {
      status: 'cancelled',
      reason: 'by_user',
      message: 'enough',
      at: new Date().toISOString(),
    } as const;
    const sending = queues.sendResult({ v: 1, kind: 'decided', job, attempt: 1, ...decided });
    await until('a write waits for the disk', () => disk.asked === 1);
    expect(await queues.queue('results').getWaitingCount()).to.equal(0);
    disk.turn();
    await sending;
    expect(await queues.queue('results').getWaitingCount()).to.equal(1);
  });

  only.sqlite('stays with the runner: it forgets an outcome once that is on the disk', async () => {
    const repository = new TestRepository({ 'test.sh': '#!/bin/sh\necho tested\n' });
    try {
      disk.release();
      await volt.reporter();
      await volt.dispatcher();
      await volt.observer();
      const runner = await volt.runner();
      await volt.observe(repository.path);
      const first = await volt.build(repository.head());
      const spool = (build: BuildId) => spoolFile(volt.dataDir, runner.name, { job: jobIdOf(build, 1), attempt: 1 });
      await until('the first spool is gone', () => !existsSync(spool(first.id)));
      disk = await SlowDisk.hold();
      const sha = repository.commit('second');
      await until('the job is about to be sent', () => disk.asked === 1);
      disk.turn();
      const second = await volt.build(sha);
      expect(second.status, 'the verdict waits for no disk').to.equal('success');
      await until('the outcome waits for the disk', () => disk.asked === 2);
      expect(existsSync(spool(second.id))).to.equal(true);
      disk.release();
      await until('the spool is gone', () => !existsSync(spool(second.id)));
    } finally {
      repository.remove();
    }
  });
});
