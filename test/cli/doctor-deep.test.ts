import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { draftName } from '../../src/cli/backup/leftovers.ts';
import { deepFindings } from '../../src/cli/doctor/deep.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import type { Config } from '../../src/kernel/config.ts';
import { dataPaths, logFile } from '../../src/kernel/data-paths.ts';
import { type BuildId, type JobId, jobIdOf } from '../../src/kernel/model.ts';
import { ownTrust } from '../../src/kernel/trust.ts';
import { queueNames } from '../../src/queues/names.ts';
import { unreportedBuilds } from '../../src/record/builds.ts';
import { startAttempt } from '../../src/record/job-transitions.ts';
import { setMeta } from '../../src/record/meta.ts';
import { writeHeartbeat } from '../../src/redis/membership.ts';
import { writeTestResults } from '../../src/reporter/test-results.ts';
import { takeWorkFolder } from '../../src/runner/work-folder.ts';
import { startChild } from '../support/child.ts';
import { volt as command } from '../support/cli.ts';
import { finishedBuild } from '../support/finished-build.ts';
import { runnerMember } from '../support/members.ts';
import { jobMessageOf } from '../support/messages.ts';
import { observed, recordedBuild } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('volt doctor --deep', () => {
  let volt: TestVolt;
  let config: Config;
  const repositories: TestRepository[] = [];

  beforeEach(async () => {
    volt = await TestVolt.start();
    config = { ...volt.context.config, redisUrl: volt.redis.url };
    await observed(volt.context.database);
  });
  afterEach(async () => {
    for (const repository of repositories.splice(0)) repository.remove();
    await volt.stop();
  });

  const examine = (mend = false) => deepFindings(config, volt.context.logger, { mend });

  /** The only finding that is not ok. */
  async function only(check: string, level: Finding['level'], mend = false): Promise<Finding> {
    const wrong = (await examine(mend)).filter((finding) => finding.level !== 'ok');
    expect(wrong.map((finding) => [finding.check, finding.level])).to.deep.equal([[check, level]]);
    return wrong[0] as Finding;
  }

  const job = (build: BuildId) => `${build}-1` as JobId;
  const log = (build: BuildId) => logFile(config.dataDir, { job: job(build), attempt: 1 });

  /** A queued job, as the dispatcher leaves it. */
  async function queued(): Promise<BuildId> {
    const build = await recordedBuild(volt.context.database);
    await send(job(build));
    return build;
  }

  async function send(id: JobId, labels: string[] = []): Promise<void> {
    const message = {
      ...{ v: 1 as const, job: id, attempt: 1, build: id.split('-')[0] as BuildId, name: 'test', labels },
      repo: { name: 'app', url: 'https://example.com/app.git' },
      ...{
        ref: 'refs/heads/main',
        sha: 'a'.repeat(40),
        trust: ownTrust,
        plan: { kind: 'discover' as const },
        timeout: 60,
      },
    };
    await volt.context.queues.sendJobs([{ message, priority: 1 }]);
  }

  /** A finished build with its log (4 bytes) and its files. */
  async function finished(sha = 'a'.repeat(40)): Promise<BuildId> {
    const build = await finishedBuild(volt.context.database, 1, { sha });
    mkdirSync(dirname(log(build)), { recursive: true });
    writeFileSync(log(build), 'log\n');
    await writeTestResults(volt.context.database, config.dataDir, { repo: 'app', sha });
    return build;
  }

  it('reports every check as ok when all data agree', async () => {
    await queued();
    await finished();
    const findings = await examine();
    expect(findings.map(({ check, level }) => [check, level])).to.deep.equal(
      ['contradictions', 'messages', 'polls', 'members', 'logs', 'test results', 'spools', 'mirrors', 'backups'].map(
        (check) => [check, 'ok'],
      ),
    );
  });

  it('accepts a queued job that waits for a retry or in the queue of reserved runners', async () => {
    const { database, queues } = volt.context;
    const [paused, elsewhere] = [await recordedBuild(database), await recordedBuild(database)];
    const inAMinute = { due_at: Date.now() + 30_000, avoid: '["box"]' };
    await database.write((db) => db.updateTable('jobs').set(inAMinute).where('id', '=', jobIdOf(paused, 1)).execute());
    const message = jobMessageOf(jobIdOf(elsewhere, 1));
    await queues.sendJobs([{ message, priority: 1, queue: ['not:box'] }]);
    const [found, ...others] = (await examine()).filter(({ check }) => check === 'messages');
    expect(others).to.deep.equal([]);
    expect(found).to.include({ level: 'ok', message: 'those of 1 queued job agree with the database' });
  });

  it('finds a queued job without a message, which the dispatcher sends again', async () => {
    const build = await recordedBuild(volt.context.database);
    expect((await only('messages', 'warn')).message).to.equal(`1 queued attempt without a message: ${build}-1.1`);
    await volt.dispatcher();
    await until('the check finds nothing', async () => (await examine()).every(({ level }) => level === 'ok'));
  });

  it('accepts a missing message of an attempt that a runner has begun or reported', async () => {
    const build = await recordedBuild(volt.context.database);
    await writeHeartbeat(volt.context.access, 'runner', runnerMember('r~1', { running: [`${build}-1.1`] }));
    expect((await examine()).filter(({ level }) => level !== 'ok')).to.deep.equal([]);
  });

  it('finds a message of an attempt that the database does not know', async () => {
    await send('999-1' as JobId);
    expect((await only('messages', 'warn')).message).to.include('999-1.1');
  });

  it('finds messages that Volt has not sent, and makes them dead letters with --mend', async () => {
    const { queues } = volt.context;
    await queued();
    await queues.queue('jobs').add('odd', { hello: 'world' }, { jobId: 'not-ours' });
    const { message, remedy } = await only('messages', 'warn');
    expect(message).to.equal('1 message in "jobs" that Volt has not sent: not-ours');
    expect(remedy).to.include('/queues/queue/jobs').and.include('--mend');
    expect((await only('messages', 'warn', true)).remedy).to.include('/queues/queue/set-aside');
    expect((await examine()).every(({ level }) => level === 'ok')).to.equal(true);
    const [kept] = await queues.queue(queueNames.setAside).getWaiting();
    expect(kept?.data).to.deep.equal({ content: ['{"hello":"world"}'] });
  });

  it('finds messages that Volt cannot parse', async () => {
    const { queues } = volt.context;
    await queues.queue(queueNames.results).add('odd', { v: 99 });
    await volt.reporter();
    await until('the check finds nothing', async () => (await queues.queue(queueNames.results).getFailedCount()) === 1);
    expect((await only('messages', 'warn')).remedy).to.include('/queues/queue/results');
  });

  it('finds the database copy of a killed backup', async () => {
    const gone = startChild('console.log(1)');
    await gone.ended();
    const left = draftName(config, gone.pid);
    mkdirSync(join(config.dataDir, left));
    mkdirSync(join(config.dataDir, draftName(config, process.ppid)));
    expect((await only('backups', 'warn')).message)
      .to.include(left)
      .and.to.include('1 unfinished backup in');
  });

  it('fails when Redis serves another database', async () => {
    await setMeta(volt.context.database.db, 'record_id', 'another');
    expect((await only('messages', 'fail')).message).to.include('another database');
  });

  it('warns when Redis does not answer, and compares the rest', async () => {
    await volt.redis.kill();
    expect((await only('messages', 'warn')).message).to.include('does not answer');
  });

  it('finds a running attempt that no runner has, and a member whose heartbeat has ended', async () => {
    const build = await queued();
    const { database, access } = volt.context;
    await startAttempt(database, { job: job(build), attempt: 1 }, { id: 'r~1', name: 'r', host: 'box' }, Date.now());
    expect((await only('members', 'warn')).message).to.include(`${build}-1.1`);
    await writeHeartbeat(access, 'runner', runnerMember('r~1', { running: [`${build}-1.1`] }));
    expect((await examine()).every(({ level }) => level === 'ok')).to.equal(true);
    await access.client.del(access.keys.member('runner', 'r~1'));
    const wrong = (await examine()).filter(({ level }) => level !== 'ok');
    expect(wrong.map(({ message }) => message).join('\n')).to.include('whose heartbeat has ended: r~1');
  });

  it('finds a log that is missing or too short', async () => {
    const [gone, short] = [await finished('a'.repeat(40)), await finished('b'.repeat(40))];
    rmSync(log(gone));
    writeFileSync(log(short), 'l');
    const wrong = (await examine()).filter(({ level }) => level !== 'ok');
    expect(wrong.map(({ level, message }) => [level, message])).to.deep.equal([
      ['fail', `1 log missing: ${gone}-1.1`],
      ['fail', `1 log shorter than recorded: ${short}-1.1`],
    ]);
  });

  it('finds logs of builds that the database does not know', async () => {
    mkdirSync(join(dataPaths(config.dataDir).logs, '999'), { recursive: true });
    expect((await only('logs', 'warn')).message).to.include('999');
  });

  it('finds missing and damaged files in test_results/, and has the reporter write them again with --mend', async () => {
    const build = await finished();
    const file = join(dataPaths(config.dataDir).testResults, 'app', `${'a'.repeat(40)}.json`);
    writeFileSync(file, '{"half":');
    expect((await only('test results', 'warn')).remedy).to.include('--mend');
    expect(await unreportedBuilds(volt.context.database, 10), 'without --mend nothing changes').to.deep.equal([]);
    rmSync(file);
    await only('test results', 'warn', true);
    expect(await unreportedBuilds(volt.context.database, 10)).to.deep.equal([build]);
    await volt.reporter();
    await until('the check finds nothing', () => existsSync(file));
  });

  it('finds the spool that a runner had not reported when it ended', async () => {
    const build = await queued();
    const folder = await takeWorkFolder(dataPaths(config.dataDir).work, 'box', 'former');
    mkdirSync(join(folder.path, 'spool'));
    writeFileSync(join(folder.path, 'spool', `${build}-1.1.log`), 'output');
    expect(
      (await examine()).every(({ level }) => level === 'ok'),
      'while it lives',
    ).to.equal(true);
    folder.release();
    expect((await only('spools', 'warn')).remedy).to.include('volt runner --name former');
  });

  it('finds a damaged mirror, and removes it with --mend so that the next job fetches it', async () => {
    const repository = new TestRepository({ 'a.txt': 'content' });
    repositories.push(repository);
    const mirror = new Mirror(dataPaths(config.dataDir).mirrors, repository.path);
    await mirror.fetch();
    const objects = join(mirror.path, 'objects');
    for (const name of readdirSync(objects)) if (name.length === 2) rmSync(join(objects, name), { recursive: true });
    for (const name of readdirSync(join(objects, 'pack'))) rmSync(join(objects, 'pack', name));
    expect((await only('mirrors', 'warn')).remedy).to.include('--mend');
    await only('mirrors', 'warn', true);
    expect(existsSync(mirror.path)).to.equal(false);
    await mirror.require(repository.head());
    expect((await examine()).every(({ level }) => level === 'ok')).to.equal(true);
  });

  it('does not touch a database of another version', async () => {
    await setMeta(volt.context.database.db, 'schema_version', '999');
    expect((await only('deep', 'warn')).message).to.include('another version');
  });

  it('runs as part of the command', async () => {
    await finished();
    const args = ['doctor', '--data', config.dataDir, '--redis', volt.redis.url];
    const { code, stdout } = await command([...args, '--deep', '--json']);
    expect(code, stdout).to.equal(0);
    expect(JSON.parse(stdout).findings.map(({ check }: Finding) => check)).to.include.members([
      'redis',
      'logs',
      'mirrors',
    ]);
    expect(await command([...args, '--dry-run'])).to.include({ code: 2 });
    const mended = await command([...args, '--mend', '--dry-run', '--json']);
    expect(JSON.parse(mended.stdout).findings.map(({ check }: Finding) => check)).to.include('contradictions');
  });
});
