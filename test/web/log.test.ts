import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import type { AttemptRef, JobId } from '../../src/kernel/model.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { volt } from '../support/cli.ts';
import { until } from '../support/until.ts';
import { bodyOf, job, Site } from './site.ts';
import { EventReader, type SseEvent } from './sse.ts';

describe('web: logs', () => {
  let site: Site;
  let id: JobId;
  let first: AttemptRef;
  const path = (more = '') => `/api/v1/jobs/${id}/log${more}`;
  const follow = (more = '', headers = {}) => EventReader.open(`${site.url}${path(`?follow=1${more}`)}`, headers);
  const textOf = (events: SseEvent[]) =>
    events
      .filter(({ event }) => event === 'chunk')
      .map(({ data }) => JSON.parse(data))
      .join('');

  before(async () => {
    site = await Site.start();
    await site.repository('sample');
  });
  after(() => site.stop());
  beforeEach(async () => {
    id = job(await site.build('sample'));
    first = { job: id, attempt: 1 };
    await site.begin(first);
  });

  const loseAttempt = (ref: AttemptRef) =>
    moveToNextAttempt(site.context.database, ref, {
      reason: 'runner_lost',
      message: 'its runner is gone',
      at: Date.now(),
    });

  describe('as they are', () => {
    it('are answered byte by byte as they were written', async () => {
      const bytes = Buffer.from([0xff, 0x00, 0x0d, 0x0a, 0xc3, 0xa9, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0xe2, 0x82]);
      await site.appendLog(first, bytes);
      const answer = await site.fetch(path());
      expect(answer.status).to.equal(200);
      expect(answer.headers.get('content-type')).to.equal('text/plain; charset=utf-8');
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).to.equal(true);
    });

    it('are empty before the first output', async () => {
      const answer = await site.fetch(path());
      expect([answer.status, await answer.text()]).to.deep.equal([200, '']);
    });

    it('are answered completely when they are long', async () => {
      const line = `${'0123456789'.repeat(9)}\n`;
      const text = line.repeat(50_000);
      await site.appendLog(first, text);
      const answer = await site.fetch(path());
      expect(answer.headers.get('content-length')).to.equal(String(text.length));
      expect((await answer.text()) === text).to.equal(true);
    });

    it('answer HEAD with their length', async () => {
      await site.appendLog(first, 'twelve bytes');
      const answer = await site.fetch(path(), { method: 'HEAD' });
      expect(answer.headers.get('content-length')).to.equal('12');
    });

    it('are those of the current attempt by default, or of the requested one', async () => {
      await site.appendLog(first, 'one');
      await loseAttempt(first);
      await site.appendLog({ job: id, attempt: 2 }, 'two');
      expect(await (await site.fetch(path())).text()).to.equal('two');
      expect(await (await site.fetch(path('?attempt=1'))).text()).to.equal('one');
      expect((await site.fetch(path('?attempt=3'))).status).to.equal(404);
      expect((await site.fetch(path('?attempt=x'))).status).to.equal(400);
    });

    for (const [range, status, body, contentRange] of [
      ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
      ['bytes=7-', 206, '789', 'bytes 7-9/10'],
      ['bytes=-3', 206, '789', 'bytes 7-9/10'],
      ['bytes=-30', 206, '0123456789', 'bytes 0-9/10'],
      ['bytes=8-300', 206, '89', 'bytes 8-9/10'],
      ['bytes=10-', 416, '', 'bytes */10'],
      ['bytes=-0', 416, '', 'bytes */10'],
      ['bytes=4-2', 200, '0123456789', null],
      ['bytes=0-1,4-5', 200, '0123456789', null],
      ['lines=1-2', 200, '0123456789', null],
    ] as const) {
      it(`${status} for the range ${range}`, async () => {
        await site.appendLog(first, '0123456789');
        const answer = await site.fetch(path(), { headers: { range } });
        expect(answer.status).to.equal(status);
        expect(await answer.text()).to.equal(body);
        expect(answer.headers.get('content-range')).to.equal(contentRange);
      });
    }
  });

  describe('as they grow', () => {
    it("arrive piece by piece and end with the job's result", async () => {
      await site.appendLog(first, 'one\n');
      const events = await follow();
      expect(await events.next()).to.deep.equal({ event: 'chunk', id: '4', data: '"one\\n"' });
      await site.appendLog(first, 'two\n');
      expect(await events.next()).to.deep.equal({ event: 'chunk', id: '8', data: '"two\\n"' });
      await site.appendLog(first, 'three', false);
      await site.finish(first, { status: 'failure', reason: 'exit_code', message: 'exited with code 1', exitCode: 1 });
      await site.announce(id.split('-')[0] as never, 'sample', 'failure');
      const rest = await events.rest();
      expect(rest.map(({ event, data }) => [event, JSON.parse(data)])).to.deep.equal([
        ['chunk', 'three'],
        ['end', { status: 'failure', reason: 'exit_code', message: 'exited with code 1' }],
      ]);
    });

    it('arrive even if the notices are lost', async () => {
      const events = await follow();
      await site.appendLog(first, 'quietly', false);
      expect(await events.next()).to.include({ event: 'chunk', data: '"quietly"' });
      await site.finish(first);
      expect(await events.next()).to.include({ event: 'end' });
    });

    it('never split a character', async () => {
      const text = 'naïve — 日本語 🚀\n';
      const events = await follow();
      const received: SseEvent[] = [];
      const reading = (async () => {
        for (let event = await events.next(); event; event = await events.next()) received.push(event);
      })();
      const bytes = Buffer.from(text);
      for (const [at, byte] of bytes.entries()) {
        await site.appendLog(first, Buffer.from([byte]));
        const whole = bytes.toString('utf8', 0, at + 1).replace(/\uFFFD+$/, '');
        await until(`"${whole}" to arrive`, () => textOf(received) === whole);
      }
      await site.finish(first);
      await reading;
      expect(textOf(received)).to.equal(text);
    });

    it('never split a character between two reads of a long log', async () => {
      const text = '€'.repeat(100_000);
      await site.appendLog(first, text);
      await site.finish(first);
      const events = await (await follow()).rest();
      expect(events.length).to.be.greaterThan(3);
      expect(textOf(events) === text).to.equal(true);
    });

    it('show a character that stays incomplete as a replacement character', async () => {
      await site.appendLog(first, Buffer.from([0x61, 0xe2, 0x82]));
      await site.finish(first);
      expect(textOf(await (await follow()).rest())).to.equal('a\uFFFD');
    });

    it('continue after what a client already has', async () => {
      await site.appendLog(first, 'one\ntwo\n');
      await site.finish(first);
      expect(textOf(await (await follow('', { 'last-event-id': '4' })).rest())).to.equal('two\n');
      expect(textOf(await (await follow('&from=4')).rest())).to.equal('two\n');
      expect(textOf(await (await follow('&from=4', { 'last-event-id': '0' })).rest())).to.equal('one\ntwo\n');
    });

    it('begin at 0 when the job has a further attempt', async () => {
      await site.appendLog(first, 'one');
      const events = await follow();
      expect(await events.next()).to.include({ event: 'chunk', data: '"one"' });
      await loseAttempt(first);
      const second = { job: id, attempt: 2 };
      await site.appendLog(second, 'two');
      await site.finish(second);
      const rest = await events.rest();
      expect(rest.map(({ event, data, id }) => [event, data, id]).slice(0, 2)).to.deep.equal([
        ['attempt', '{"attempt":2}', '0'],
        ['chunk', '"two"', '3'],
      ]);
      expect(rest.at(-1)?.event).to.equal('end');
    });

    it('send the rest of an earlier attempt to a client that follows it', async () => {
      await site.appendLog(first, 'one and more');
      await loseAttempt(first);
      await site.appendLog({ job: id, attempt: 2 }, 'two');
      await site.finish({ job: id, attempt: 2 });
      const events = await (await follow('&attempt=1', { 'last-event-id': '3' })).rest();
      expect(events.map(({ event, data }) => [event, data]).slice(0, 3)).to.deep.equal([
        ['chunk', '" and more"'],
        ['attempt', '{"attempt":2}'],
        ['chunk', '"two"'],
      ]);
    });

    it('of a waiting job begin with its first attempt', async () => {
      const build = await site.build('sample', {}, [{ name: 'a' }, { name: 'b', needs: ['a'] }]);
      const events = await EventReader.open(`${site.url}/api/v1/jobs/${job(build, 2)}/log?follow=1`);
      await site.appendLog({ job: job(build, 2), attempt: 1 }, 'at last');
      expect(await events.next()).to.include({ event: 'chunk', data: '"at last"' });
      events.close();
    });

    it('do not pile up in memory for a client that does not read', async () => {
      const size = 60 * 1024 * 1024;
      await site.appendLog(first, Buffer.alloc(size, 'a line that says nothing\n'));
      const before = process.memoryUsage.rss();
      const { hostname, port } = new URL(site.url);
      const socket = connect(Number(port), hostname);
      socket.write(`GET ${path('?follow=1')} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
      await once(socket, 'readable');
      // what a second client reads to its end, the first could have got too
      await (await follow()).next();
      const other = await site.fetch(path('?attempt=1'));
      let read = 0;
      for await (const piece of other.body ?? []) read += (piece as Uint8Array).length;
      expect(read).to.equal(size);
      expect(process.memoryUsage.rss() - before).to.be.lessThan(size);
      socket.destroy();
    });
  });

  it('of a build that is older than the setting keeps logs is said to be removed, on the page and the command line', async () => {
    await site.repository('old');
    const id = await site.build('old');
    await site.begin({ job: job(id), attempt: 1 });
    await site.finish({ job: job(id), attempt: 1 });
    const long = Date.now() - 91 * 86_400_000;
    const { db } = site.context.database;
    await db.updateTable('builds').set({ finished_at: long }).where('id', '=', Number(id)).execute();
    await db.updateTable('jobs').set({ finished_at: long }).where('build_id', '=', Number(id)).execute();
    const page = (await site.page(`/builds/${id}`)).replace(/<[^>]*>/g, '');
    expect(page).to.match(
      /This log was removed after [\d-]+ [\d:]+ UTC: the setting VOLT_KEEP_LOG_DAYS keeps logs for 90 days/,
    );
    const answer = await site.fetch(`/api/v1/jobs/${job(id)}/log`);
    expect([answer.status, (await bodyOf(answer)).error.code]).to.deep.equal([410, 'log_removed']);
    const options = { env: { VOLT_URL: site.url, VOLT_TOKEN: site.token } };
    const { stderr, code } = await volt(['logs', 'old'], options);
    expect(code).to.equal(2);
    expect(stderr).to.include('the log was removed: logs are kept for 90 days');
  });
});
