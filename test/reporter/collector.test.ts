import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { logFile, spoolFile } from '../../src/kernel/data-paths.ts';
import { type AttemptRef, type JobId, jobIdOf, type RunnerId } from '../../src/kernel/model.ts';
import { removeRunnerKey } from '../../src/record/runner-keys.ts';
import { type Growth, growthSchema, listen, type RunnerNotice, runnerNoticeSchema } from '../../src/redis/channels.ts';
import { chunkStatement, type LogChunk, receiveChunks, sendChunk } from '../../src/redis/logs.ts';
import { Archive } from '../../src/reporter/archive.ts';
import { Collector } from '../../src/reporter/collector.ts';
import type { Signer } from '../../src/secrets/signing.ts';
import { fileIdentity } from '../../src/system/file-identity.ts';
import { observed, recordedBuild } from '../support/record.ts';
import { knownKey, stranger } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

const ref: AttemptRef = { job: '1-1' as JobId, attempt: 1 };

describe('collecting logs', () => {
  let volt: TestVolt;
  let archive: Archive;
  let key: Signer;
  const claims: unknown[] = [];
  const collectors: Collector[] = [];

  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    archive = new Archive(volt.dataDir);
    const { database } = volt.context;
    key = await knownKey(database, 'box');
    await observed(database);
    for (const build of [await recordedBuild(database), await recordedBuild(database)]) {
      for (let number = 2; number <= 14; number++) {
        const lost = { job_id: jobIdOf(build, 1), number, status: 'error', created_at: 0 } as const;
        await database.db.insertInto('attempts').values(lost).execute();
      }
    }
    const runner = { runner_id: 'box~1', runner_key: key.publicKey };
    await database.db.updateTable('attempts').set(runner).execute();
  });

  afterEach(async () => {
    for (const collector of collectors.splice(0)) await collector.stop();
    await volt.context.access.client.flushall();
  });

  after(async () => {
    await archive.close();
    await volt.stop();
  });

  const collector = (name: string, by = archive) =>
    new Collector(volt.context, by, name, async (claim) => void claims.push(claim));
  /** A piece as the runner with that key sends it. */
  const sign = (chunk: LogChunk, by = key) =>
    sendChunk(volt.context.access, { ...chunk, signature: by.sign('runner log', chunkStatement(chunk)) });
  const collect = (name: string, by = archive) => collectors.push(collector(name, by));
  const send = (offset: number, text: string, of = ref, by = key) =>
    sign({ ...of, runner: 'box~1', offset, length: text.length, data: Buffer.from(text) }, by);
  const left = () => volt.context.access.client.xlen(volt.context.access.keys.logs);
  const content = (of = ref) => readFileSync(logFile(volt.dataDir, of), 'utf8');

  it('archives chunks, removes them from Redis, and notifies runner and followers of the length', async () => {
    const { access, logger } = volt.context;
    const told: RunnerNotice[] = [];
    const grown: Growth[] = [];
    const key = access.keys.toRunner('box~1' as RunnerId);
    const stops = [
      await listen(access, key, runnerNoticeSchema, logger, (notice) => told.push(notice)),
      await listen(access, access.keys.growth, growthSchema, logger, (growth) => grown.push(growth)),
    ];
    collect('one');
    await send(0, 'one ');
    await send(4, 'two');
    await until('it is told', () => told.at(-1)?.kind === 'archived' && (told.at(-1) as { bytes: number }).bytes === 7);
    expect(content()).to.equal('one two');
    await until('nothing is left in Redis', async () => (await left()) === 0);
    await until('it is told to everybody', () => grown.at(-1)?.bytes === 7);
    for (const stop of stops) await stop();
  });

  it('notifies the runner of the archived length when a chunk is missing, so that it sends it again', async () => {
    const { access, logger } = volt.context;
    const told: RunnerNotice[] = [];
    const stop = await listen(access, access.keys.toRunner('box~1'), runnerNoticeSchema, logger, (notice) =>
      told.push(notice),
    );
    const of = { ...ref, attempt: 2 };
    await send(0, 'one ', of);
    await send(8, 'three', of);
    collect('one');
    await until('it is told', () => told.length > 0);
    expect(told.at(-1)).to.deep.equal({ kind: 'archived', ...of, bytes: 4, isShort: true });
    await until('the piece is dropped', async () => (await left()) === 0);
    await send(4, 'two three', of);
    await until('all is there', () => archive.reaches(of, 13, 0));
    expect(content(of)).to.equal('one two three');
    await stop();
  });

  describe('from a runner that shares the data directory', () => {
    const text = 'line of a log\n'.repeat(60_000);
    let told: Extract<RunnerNotice, { kind: 'archived' }>[];
    let stop: () => Promise<void>;

    beforeEach(async () => {
      told = [];
      const { access, logger } = volt.context;
      stop = await listen(access, access.keys.toRunner('box~1' as RunnerId), runnerNoticeSchema, logger, (notice) => {
        if (notice.kind === 'archived') told.push(notice);
      });
    });

    afterEach(() => stop());

    /** @returns the identity of the file */
    async function spool(of: AttemptRef, content: string): Promise<string> {
      const path = spoolFile(volt.dataDir, 'box', of);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      return fileIdentity(path);
    }

    const name = (of: AttemptRef, offset: number, length: number, identity: string, runner = 'box~1') =>
      sign({ ...of, runner, offset, length, spool: identity });

    it("shares the spool's file with the archive, and notifies the runner", async () => {
      const of = { ...ref, attempt: 10 };
      const identity = await spool(of, text.slice(0, 100));
      collect('one');
      const data = Buffer.from(text.slice(0, 10));
      const first = { ...of, runner: 'box~1', offset: 0, length: data.length, data, spool: identity };
      await sign(first);
      await until('it is told', () => told.at(-1)?.bytes === 100);
      appendFileSync(spoolFile(volt.dataDir, 'box', of), text.slice(100));
      await name(of, 100, text.length - 100, identity);
      await until('it is told of all', () => told.at(-1)?.bytes === text.length);
      expect(told.every(({ seesSpool }) => seesSpool === true)).to.equal(true);
      // as the runner does when it is told that the outcome is recorded
      rmSync(spoolFile(volt.dataDir, 'box', of));
      expect(content(of) === text).to.equal(true);
    });

    it('copies the bytes when the spool is another file or elsewhere', async () => {
      const of = { ...ref, attempt: 11 };
      const identity = await spool(of, text);
      collect('one');
      await name(of, 0, 100, `${identity}0`);
      await name({ ...ref, attempt: 12 }, 0, 100, identity);
      await name({ ...ref, attempt: 13 }, 0, 100, identity, '../work/box~1');
      await until('it is told', () => told.some(({ attempt }) => attempt === 12));
      await until('nothing is left in Redis', async () => (await left()) === 0);
      expect(told.every(({ seesSpool }) => seesSpool === false)).to.equal(true);
      expect(content(of)).to.equal('');
      expect(existsSync(logFile(volt.dataDir, { ...ref, attempt: 13 }))).to.equal(false);
    });

    it('copies the bytes when the log already has a file of its own', async () => {
      const of = { ...ref, attempt: 14 };
      const identity = await spool(of, text);
      collect('one');
      await send(0, text.slice(0, 100), of);
      await until('it is archived', () => archive.reaches(of, 100, 20));
      await name(of, 100, 100, identity);
      await until('it is told', () => told.at(-1)?.seesSpool === false);
      expect(content(of)).to.equal(text.slice(0, 100));
    });
  });

  it('is shared by several reporters', async () => {
    const of = { ...ref, attempt: 3 };
    for (const name of ['one', 'two', 'three']) collect(name);
    let text = '';
    for (let count = 0; count < 30; count++) {
      const piece = `line ${count}\n`;
      // as a runner that waits for its acknowledgements does in the end
      await until('the piece is archived', async () => {
        await send(text.length, piece, of);
        return archive.reaches(of, text.length + piece.length, 20);
      });
      text += piece;
    }
    expect(content(of)).to.equal(text);
  });

  it('takes over the chunks of a dead reporter', async () => {
    const { access } = volt.context;
    const of = { ...ref, attempt: 4 };
    await send(0, 'taken by the dead', of);
    const connection = access.open('dead');
    expect((await receiveChunks(access, connection, 'dead', 5000)).chunks).to.have.length(1);
    connection.disconnect();
    collect('heir');
    await until('it is archived', () => archive.reaches(of, 17, 0));
    expect(content(of)).to.equal('taken by the dead');
  });

  it('archives other logs when one cannot be written, reports it, and archives that one later', async () => {
    const [bad, good] = [
      { ...ref, job: '2-1' as JobId },
      { ...ref, attempt: 6 },
    ];
    const folder = dirname(logFile(volt.dataDir, bad));
    writeFileSync(folder, 'in the way');
    await send(0, 'held up', bad);
    await send(0, 'not held up', good);
    collect('one');
    await until('the other is archived', () => archive.reaches(good, 11, 0));
    const problems = () => volt.context.problems.list().map(({ message }) => message);
    await until('it is said', () => problems().some((message) => message.includes('archiving the log of 2-1.1')));
    expect(await left(), 'it waits in Redis').to.equal(1);
    rmSync(folder);
    await until('it is archived', () => archive.reaches(bad, 7, 0));
    expect(content(bad)).to.equal('held up');
    await until('it is said no more', () => problems().length === 0);
  });

  it('makes an entry that is not a log chunk a dead letter', async () => {
    const { access, queues } = volt.context;
    await access.client.xadd(access.keys.logs, '*', 'strange', 'very');
    collect('one');
    const [aside] = await until('it is set aside', async () => {
      const waiting = await queues.queue('set-aside').getWaiting();
      return waiting.length > 0 && waiting;
    });
    expect(aside?.data).to.deep.equal({ content: ['strange', 'very'] });
    await until('it is out of the way', async () => (await left()) === 0);
  });

  it("refuses a chunk without the signature of the attempt's runner, as a dead letter", async () => {
    const { queues, database } = volt.context;
    const of = { ...ref, job: '2-1' as JobId, attempt: 7 };
    const other = await knownKey(database, 'other');
    collect('one');
    await send(0, 'forged', of, other);
    await send(0, 'forged', of, stranger());
    const chunk = { ...of, runner: 'box~1', offset: 0, length: 6 };
    const signed = key.sign('runner log', chunkStatement({ ...chunk, data: Buffer.from('signed') }));
    await sendChunk(volt.context.access, { ...chunk, data: Buffer.from('forged'), signature: signed });
    await sendChunk(volt.context.access, { ...chunk, data: Buffer.from('forged') });
    await send(0, 'true', of);
    await until('it is archived', () => archive.reaches(of, 4, 0));
    await until('all are taken out', async () => (await left()) === 0);
    expect(content(of)).to.equal('true');
    const [aside] = await queues.queue('set-aside').getWaiting();
    expect(aside?.name).to.equal('refused log of 2-1.7 at 0 of box~1');
  });

  it('refuses chunks of another runner that runs the attempt as well, and notifies it', async () => {
    const { access, logger, database } = volt.context;
    const told: RunnerNotice[] = [];
    const stop = await listen(
      access,
      access.keys.toRunner('twin~1' as RunnerId),
      runnerNoticeSchema,
      logger,
      (notice) => told.push(notice),
    );
    const of = { ...ref, job: '2-1' as JobId, attempt: 9 };
    const attempt = database.db.updateTable('attempts').where('job_id', '=', of.job).where('number', '=', of.attempt);
    await attempt.set({ status: 'running' }).execute();
    collect('one');
    await send(0, 'ours ', of);
    await until('it is archived', () => archive.reaches(of, 5, 0));
    // both have the key of their data directory
    const theirs = { ...of, offset: 5, length: 6, data: Buffer.from('theirs') };
    await sign({ ...theirs, runner: 'twin~1' });
    await until('it is told', () => told.length > 0);
    expect(told).to.deep.equal([{ kind: 'recorded', job: of.job, attempt: 9 }]);
    await sign({ ...theirs, runner: 'box~2' });
    await until('both are taken out', async () => (await left()) === 0);
    expect(content(of)).to.equal('ours ');
    await attempt.set({ status: 'error' }).execute();
    await until('what a later process of the same name has of it is archived once it is over', async () => {
      await sign({ ...theirs, runner: 'box~2' });
      return archive.reaches(of, 11, 20);
    });
    await stop();
  });

  it('refuses chunks of a runner whose key was revoked', async () => {
    const { database } = volt.context;
    const former = await knownKey(database, 'former');
    const of = { ...ref, job: '2-1' as JobId, attempt: 8 };
    const attempt = database.db.updateTable('attempts').where('job_id', '=', of.job).where('number', '=', of.attempt);
    await attempt.set({ runner_key: former.publicKey }).execute();
    await removeRunnerKey(database, 'former');
    collect('one');
    await send(0, 'said too late', of, former);
    await until('it is taken out', async () => (await left()) === 0);
    expect(existsSync(logFile(volt.dataDir, of))).to.equal(false);
  });

  it('reads the owner again when a chunk carries the claim of the start', async () => {
    const { database } = volt.context;
    const build = await recordedBuild(database);
    const of = { job: jobIdOf(build, 1), attempt: 1 };
    collect('one');
    const chunk = { ...of, runner: 'box~1', offset: 0, length: 5, data: Buffer.from('early') };
    await sign({ ...chunk, claim: '{"said":"by the runner"}' });
    await until('the claim is passed on', () => claims.length > 0);
    expect(claims).to.deep.equal([{ said: 'by the runner' }]);
    expect(existsSync(logFile(volt.dataDir, of)), 'it was no claim').to.equal(false);
  });

  it('leaves the group of readers when it stops', async () => {
    const { client, keys } = volt.context.access;
    const leaving = collector('leaving');
    const readers = async () => JSON.stringify(await client.xinfo('CONSUMERS', keys.logs, 'reporters').catch(() => []));
    await send(0, 'x', { ...ref, attempt: 8 });
    await until('it reads', async () => (await readers()).includes('leaving'));
    await leaving.stop();
    expect(await readers()).to.not.include('leaving');
  });

  it('continues after an outage of Redis or after it was emptied', async () => {
    const of = { ...ref, attempt: 5 };
    collect('one');
    await send(0, 'one ', of);
    await until('it is archived', () => archive.reaches(of, 4, 0));
    await volt.redis.kill();
    await volt.redis.start();
    await send(4, 'two ', of);
    await until('it is archived', () => archive.reaches(of, 8, 0));
    await volt.context.access.client.flushall();
    await send(8, 'three', of);
    await until('it is archived', () => archive.reaches(of, 13, 0));
    expect(content(of)).to.equal('one two three');
  });

  it('stops at once while it waits', async () => {
    const waiting = collector('waiting');
    await until('it waits', async () => /cmd=xreadgroup/.test(String(await volt.context.access.client.client('LIST'))));
    await waiting.stop();
  });
});
