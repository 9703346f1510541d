import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { dataPaths, logFile } from '../../src/kernel/data-paths.ts';
import { type AttemptRef, type Build, type BuildId, type FinalStatus, jobIdOf } from '../../src/kernel/model.ts';
import { findBuild } from '../../src/record/builds.ts';
import type { Database } from '../../src/record/database.ts';
import { decideJob } from '../../src/record/job-transitions.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { writeTestResults } from '../../src/reporter/test-results.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, openRecord, plannedJob, recordedBuild } from '../support/record.ts';

const sha = 'a'.repeat(40);

describe('test_results/', () => {
  const folders = new TestFolders();
  let dataDir: string;
  let database: Database;

  beforeEach(async () => {
    dataDir = folders.make();
    database = await openRecord(dataDir);
    await observed(database);
  });

  afterEach(() => database.close());

  after(folders.remove);

  const folder = () => join(dataPaths(dataDir).testResults, 'app');
  const verdict = () =>
    JSON.parse(readFileSync(join(folder(), `${sha}.json`), 'utf8')) as Build & { others: unknown[] };
  const log = () => readFileSync(join(folder(), `${sha}.log`), 'utf8');

  const write = (from = database) => writeTestResults(from, dataDir, { repo: 'app', sha });

  function archive(ref: AttemptRef, text: string): void {
    const file = logFile(dataDir, ref);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Bytes that a folder takes, a file of several names once. */
  const bytesOf = (path: string) => Number.parseInt(execFileSync('du', ['-s', '-B1', path], { encoding: 'utf8' }), 10);

  async function finished(status: FinalStatus, logs: string[]): Promise<BuildId> {
    const build = await recordedBuild(database, { sha, jobs: logs.map((_, index) => plannedJob(`job${index + 1}`)) });
    for (const [index, text] of logs.entries()) {
      const job = jobIdOf(build, index + 1);
      archive({ job, attempt: 1 }, text);
      await decideJob(
        database,
        { job, attempt: 1 },
        { status, reason: status === 'success' ? null : 'exit_code', message: null },
        Date.now(),
      );
    }
    return build;
  }

  it('has the verdict and the log of a build, named by the commit id', async () => {
    const build = await finished('failure', ['all that was said\n']);
    await write();
    expect(readdirSync(folder())).to.have.members([`${sha}.json`, `${sha}.log`]);
    expect(verdict()).to.deep.equal({ ...(await findBuild(database, build)), others: [] });
    expect(verdict()).to.include({ status: 'failure', reason: 'exit_code', sha });
    expect(log()).to.equal('all that was said\n');
  });

  it('separates the logs of several jobs', async () => {
    await finished('success', ['one\n', 'two\n']);
    await write();
    expect(log()).to.equal('\n=== job1: success\none\n\n=== job2: success\ntwo\n');
  });

  it('has the log of the last attempt', async () => {
    const build = await recordedBuild(database, { sha });
    const job = jobIdOf(build, 1);
    await moveToNextAttempt(database, { job, attempt: 1 }, { reason: 'runner_lost', message: 'gone', at: Date.now() });
    archive({ job, attempt: 1 }, 'half of it');
    archive({ job, attempt: 2 }, 'all of it');
    await decideJob(database, { job, attempt: 2 }, { status: 'success', reason: null, message: null }, Date.now());
    await write();
    expect(log()).to.equal('all of it');
  });

  it('has an empty log when nothing ran', async () => {
    const build = await recordedBuild(database, { sha });
    await decideJob(
      database,
      { job: jobIdOf(build, 1), attempt: 1 },
      { status: 'cancelled', reason: 'by_user', message: null },
      Date.now(),
    );
    await write();
    expect(log()).to.equal('');
    expect(verdict()).to.include({ status: 'cancelled' });
  });

  it('has the newest finished build of a commit and lists the others, in any order of writing', async () => {
    const first = await finished('failure', ['the first']);
    const second = await finished('success', ['the second']);
    await write();
    await write();
    expect(verdict()).to.include({ id: second, status: 'success' });
    expect(verdict().others).to.deep.equal([
      { id: first, number: 1, status: 'failure', finishedAt: (await findBuild(database, first))?.finishedAt },
    ]);
    expect(log()).to.equal('the second');
  });

  it('leaves out an unfinished build', async () => {
    const first = await finished('success', ['the first']);
    await recordedBuild(database, { sha });
    await write();
    expect(verdict()).to.include({ id: first });
  });

  it('has no file for an unfinished or unknown build', async () => {
    await write();
    await recordedBuild(database, { sha });
    await write();
    expect(() => readdirSync(folder())).to.throw('ENOENT');
  });

  it('has the newest finished build although another reporter writes an older state', async () => {
    const first = await finished('failure', ['one', 'two']);
    const slow = logFile(dataDir, { job: jobIdOf(first, 2), attempt: 1 });
    rmSync(slow);
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', slow]);
    // a copy of the module, as another process has one
    const other = (await import(`../../src/reporter/test-results.ts?${first}`)) as {
      writeTestResults: typeof writeTestResults;
    };
    const writing = other.writeTestResults(database, dataDir, { repo: 'app', sha });
    const pipe = await open(slow, 'w');
    const second = await finished('success', ['all is well']);
    await write();
    expect(verdict()).to.include({ id: second });
    await pipe.close();
    await writing;
    expect(verdict()).to.include({ id: second });
    expect(verdict().others).to.have.length(1);
    expect(log()).to.equal('all is well');
  });

  it('shares the disk space of the log of a single job, however often it is written', async () => {
    const build = await finished('success', ['x'.repeat(1_000_000)]);
    const before = bytesOf(dataDir);
    await write();
    await write();
    expect(log()).to.have.length(1_000_000);
    expect(readdirSync(folder())).to.have.members([`${sha}.json`, `${sha}.log`]);
    expect(bytesOf(dataDir) - before).to.be.below(100_000);
    rmSync(logFile(dataDir, { job: jobIdOf(build, 1), attempt: 1 }));
    expect(log(), 'where the log itself is not kept any more').to.have.length(1_000_000);
  });

  it('is whole at every moment while several reporters write it', async () => {
    const builds: BuildId[] = [];
    for (const name of ['one', 'two', 'three']) builds.push(await finished('success', [`${name} `.repeat(20_000)]));
    await write();
    const other = await openRecord(dataDir);
    let writing = true;
    const all = Promise.all([database, other].flatMap((each) => [...builds, ...builds].map(() => write(each)))).finally(
      () => {
        writing = false;
      },
    );
    let read = 0;
    while (writing) {
      expect(verdict().others).to.have.length(2);
      expect(log()).to.match(/^(three )+$/);
      read++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await all;
    await other.close();
    expect(read).to.be.above(0);
    expect(readdirSync(folder()), 'no drafts are left').to.have.length(2);
  });
});
