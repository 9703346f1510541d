import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { draftName } from '../../src/cli/backup/leftovers.ts';
import { deepFindings } from '../../src/cli/doctor/deep.ts';
import { routeBuild } from '../../src/dispatcher/route.ts';
import type { Config } from '../../src/kernel/config.ts';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { type BuildId, type JobId, jobIdOf } from '../../src/kernel/model.ts';
import { attemptMessages, retireAttempt } from '../../src/queues/attempts.ts';
import { observeQueue } from '../../src/queues/names.ts';
import { listActions } from '../../src/record/audit-search.ts';
import { findBuild } from '../../src/record/builds.ts';
import { orderCancel } from '../../src/record/intents.ts';
import { writeHeartbeat } from '../../src/redis/membership.ts';
import { startChild } from '../support/child.ts';
import { finishedBuild } from '../support/finished-build.ts';
import { runnerMember } from '../support/members.ts';
import { observed, recordedBuild } from '../support/record.ts';
import { TestVolt } from '../support/volt.ts';

describe('volt doctor --mend', () => {
  let volt: TestVolt;
  let config: Config;

  beforeEach(async () => {
    volt = await TestVolt.start();
    config = { ...volt.context.config, redisUrl: volt.redis.url };
    await observed(volt.context.database);
  });
  afterEach(() => volt.stop());

  const job = (build: BuildId): JobId => jobIdOf(build, 1);
  const examine = async (mend = false) =>
    (await deepFindings(config, volt.context.logger, { mend })).filter(({ level }) => level !== 'ok');

  /** A finished build without files, of which no check expects any. */
  async function ended(): Promise<BuildId> {
    const { database } = volt.context;
    const build = await finishedBuild(database, 1);
    await database.db.updateTable('builds').set({ reported_at: null }).where('id', '=', Number(build)).execute();
    await database.db.updateTable('attempts').set({ log_bytes: 0 }).where('job_id', '=', job(build)).execute();
    return build;
  }

  /**
   * Expects one finding twice without --mend, repairs it, and expects none.
   * @returns its message
   */
  async function mended(check: string): Promise<string> {
    for (const times of ['first', 'again']) {
      const [found, ...others] = await examine();
      expect(found, times).to.include({ check, level: 'warn' });
      expect(found?.remedy, times).to.match(/^`volt doctor --mend` mends it: /);
      expect(others, times).to.deep.equal([]);
    }
    const [done] = await examine(true);
    expect(done?.remedy).to.match(/^Mended: /);
    expect(await examine()).to.deep.equal([]);
    return done?.message ?? '';
  }

  it('ends a job that is queued in a build that has ended, and its attempt', async () => {
    const { db } = volt.context.database;
    const build = await ended();
    await db
      .updateTable('jobs')
      .set({ status: 'queued', finished_at: null, reason: null })
      .where('id', '=', job(build))
      .execute();
    await db
      .updateTable('attempts')
      .set({ status: 'queued', finished_at: null })
      .where('job_id', '=', job(build))
      .execute();
    const wrong = await examine();
    expect(wrong.map(({ message }) => message)).to.include(`1 job open in a build that has ended: ${job(build)}`);
    await examine(true);
    expect(await examine()).to.deep.equal([]);
    const [last] = (await findBuild(volt.context.database, build))?.jobs ?? [];
    expect(last).to.include({ status: 'cancelled', reason: 'job_cancelled' });
    expect(last?.attempts.map(({ status }) => status)).to.deep.equal(['error']);
  });

  it('ends an open build whose jobs have all ended', async () => {
    const build = await ended();
    await volt.context.database.db
      .updateTable('builds')
      .set({ status: 'running', finished_at: null, reported_at: null })
      .execute();
    expect(await mended('contradictions')).to.equal(`1 build open though all of its jobs have ended: ${build}`);
    expect(await findBuild(volt.context.database, build)).to.include({ status: 'success' });
  });

  it('closes a cancel request for a build that has ended', async () => {
    const { database } = volt.context;
    const build = await ended();
    await database.write((db) =>
      orderCancel(db, { repo: 'app', build, job: job(build), reason: 'by_user', message: 'enough' }),
    );
    expect(await mended('contradictions')).to.match(/^1 request to cancel what has ended/);
  });

  it('takes an ended build out of its concurrency group, and lets the next one in', async () => {
    const { database, queues } = volt.context;
    const [over, waits] = [await ended(), await recordedBuild(database)];
    await routeBuild(volt.context, waits);
    for (const [build, inside] of [
      [over, 1],
      [waits, 0],
    ] as const) {
      const entry = { repo: 'app', name: 'deploy', build_id: Number(build), holder: job(build), inside };
      await database.db.insertInto('concurrency').values(entry).execute();
    }
    expect(await mended('contradictions')).to.include(`in a concurrency group that it does not need any more: ${over}`);
    expect(await database.db.selectFrom('concurrency').select('build_id').execute()).to.deep.equal([
      { build_id: Number(waits) },
    ]);
    const [message] = await queues.queue('advance').getWaiting();
    expect(message?.data).to.include({ build: waits });
  });

  it('removes schedules of repositories that are not observed any more', async () => {
    const entry = { repo: 'gone', workflow: 'a.yml', cron: '0 0 * * *', timezone: null, next_at: Date.now() };
    await volt.context.database.db.insertInto('schedules').values(entry).execute();
    expect(await mended('contradictions')).to.include('1 repository with schedules');
  });

  it('removes poll schedules that are duplicates or without a repository', async () => {
    const { queues } = volt.context;
    await queues.scheduleObserve(null, 'app', 60);
    await queues.scheduleObserve('elsewhere', 'app', 60);
    await queues.scheduleObserve(null, 'gone', 60);
    expect(await mended('polls')).to.match(/^2 poll schedules without a repository/);
    const left = await queues.queue(observeQueue(null)).getJobSchedulers();
    expect(left.map(({ key }) => key)).to.deep.equal(['app']);
  });

  it('sends the message of a queued job that has none', async () => {
    const build = await recordedBuild(volt.context.database);
    expect(await mended('messages')).to.equal(`1 queued attempt without a message: ${build}-1.1`);
  });

  it('gives a further attempt to a queued job whose outcome is lost', async () => {
    const { database, queues, access } = volt.context;
    const build = await recordedBuild(database);
    await routeBuild(volt.context, build);
    await access.client.zrem('volt:bull:jobs:prioritized', `${build}-1.1`);
    await access.client.lpush('volt:bull:jobs:active', `${build}-1.1`);
    await retireAttempt(access, queues, 'jobs', { job: job(build), attempt: 1 });
    expect(await mended('messages')).to.equal(`1 queued attempt whose outcome is lost: ${build}-1.1`);
    const [message] = await attemptMessages(access, [{ job: job(build), attempt: 2, labels: [] }]);
    expect(message).to.include({ isDone: false });
  }).timeout(30_000);

  it('removes messages of attempts that do not count any more', async () => {
    const { database } = volt.context;
    const build = await recordedBuild(database);
    await routeBuild(volt.context, build);
    await database.db.deleteFrom('builds').execute();
    expect(await mended('messages')).to.equal(`1 message of attempts that do not count: ${build}-1.1`);
  });

  it('removes members whose heartbeat has ended', async () => {
    const { access } = volt.context;
    await writeHeartbeat(access, 'runner', runnerMember('r~1'));
    await access.client.del(access.keys.member('runner', 'r~1'));
    expect(await mended('members')).to.include('r~1');
  });

  it('removes leftovers of backups and mirrors, and logs of unknown builds', async () => {
    const { logs, mirrors } = dataPaths(config.dataDir);
    const gone = startChild('console.log(1)');
    await gone.ended();
    for (const folder of [
      join(logs, '999'),
      join(mirrors, 'x.git.draft'),
      join(config.dataDir, draftName(config, gone.pid)),
    ]) {
      mkdirSync(folder, { recursive: true });
    }
    expect((await examine()).map(({ check }) => check)).to.deep.equal(['logs', 'mirrors', 'backups']);
    expect((await examine(true)).every(({ remedy }) => remedy?.startsWith('Mended: '))).to.equal(true);
    expect(await examine()).to.deep.equal([]);
    expect(existsSync(join(logs, '999'))).to.equal(false);
    const entries = await listActions(volt.context.database, { action: 'data', limit: 9 });
    expect(entries.map(({ action, target }) => [action, target])).to.deep.equal([['data.mend', config.dataDir]]);
  });
});
