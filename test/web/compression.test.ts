import { type IncomingMessage, request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { job, Site } from './site.ts';

interface Given {
  method?: string;
  headers?: { [name: string]: string };
  body?: string;
}

describe('web: compression', () => {
  let site: Site;
  let ref: { job: ReturnType<typeof job>; attempt: number };
  before(async () => {
    site = await Site.start();
    await site.repository('app');
    for (let i = 0; i < 5; i++) ref = { job: job(await site.build('app')), attempt: 1 };
    await site.begin(ref);
    await site.appendLog(ref, 'a line of the log\n'.repeat(200), false);
  });
  after(() => site.stop());

  const bearer = () => ({ authorization: `Bearer ${site.token}` });

  /** The answer as it goes over the network; fetch would decompress it. */
  function open(path: string, { method = 'GET', headers = {}, body }: Given = {}): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      request(site.url + path, { method, headers: { 'accept-encoding': 'gzip, deflate', ...headers } }, resolve)
        .on('error', reject)
        .end(body);
    });
  }

  async function ask(path: string, given: Given = {}) {
    const answer = await open(path, given);
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part as Buffer);
    return { status: answer.statusCode, headers: answer.headers, bytes: Buffer.concat(parts) };
  }

  const plain = { headers: { 'accept-encoding': 'gzip;q=0' } };
  const style = async () => /href="(\/public\/style\.css[^"]*)"/.exec(await site.page('/runners'))?.[1] ?? '';
  const script = async () => /src="(\/public\/live\.js[^"]*)"/.exec(await site.page('/runners'))?.[1] ?? '';

  it('makes pages, data, scripts and styles smaller, for clients that accept it', async () => {
    for (const path of [
      '/builds/1',
      '/api/v1/builds',
      `/api/v1/jobs/${ref.job}/log/lines`,
      await style(),
      await script(),
    ]) {
      const [small, whole] = [await ask(path), await ask(path, plain)];
      expect(small.headers['content-encoding'], path).to.equal('gzip');
      expect(whole.headers['content-encoding'], path).to.equal(undefined);
      expect(gunzipSync(small.bytes).equals(whole.bytes), path).to.equal(true);
      expect(small.bytes.length, path).to.be.below(whole.bytes.length / 2);
      // or a cache would give one to clients that cannot read it
      for (const { headers } of [small, whole]) expect(headers.vary?.toLowerCase(), path).to.include('accept-encoding');
    }
  });

  it('leaves short answers as they are', async () => {
    for (const path of ['/public/icon.svg', '/api/v1/repos/app/tests'])
      expect((await ask(path)).headers['content-encoding'], path).to.equal(undefined);
  });

  it('keeps the tag of an answer, which clients may send in either form', async () => {
    const [small, whole] = [await ask('/api/v1/builds'), await ask('/api/v1/builds', plain)];
    expect(small.headers.etag).to.equal(whole.headers.etag);
    for (const tag of [small.headers.etag ?? '', small.headers.etag?.replace('W/', '') ?? '']) {
      const again = await ask('/api/v1/builds', { headers: { 'if-none-match': tag } });
      expect([again.status, again.bytes.length, again.headers['content-encoding']]).to.deep.equal([304, 0, undefined]);
    }
  });

  it('holds up no event of a stream', async () => {
    const paths = ['/api/v1/events', `/api/v1/jobs/${ref.job}/log?follow=1`];
    for (const path of paths) {
      const answer = await open(path);
      expect(answer.headers['content-encoding'], path).to.equal(undefined);
      const [first] = await answer.take(1).toArray();
      expect(String(first), path).to.include('retry:');
      answer.destroy();
    }
  });

  it('leaves raw logs and their ranges alone, whose length tells whether they are complete', async () => {
    const path = `/api/v1/jobs/${ref.job}/log`;
    const whole = await ask(path);
    expect([whole.status, whole.headers['content-encoding'], whole.headers['content-length']]).to.deep.equal([
      ...[200, undefined, '3600'],
    ]);
    const range = await ask(path, { headers: { range: 'bytes=2-1999' } });
    expect([range.status, range.headers['content-encoding'], range.bytes.length]).to.deep.equal([206, undefined, 1998]);
  });

  it('leaves alone what has secrets: confidential answers, and those to changes', async () => {
    for (let i = 0; i < 20; i++) await site.post('/api/v1/tokens', { name: `token-${i}`, role: 'read' });
    const list = await ask('/api/v1/tokens', { headers: bearer() });
    expect(list.bytes.length).to.be.above(1024);
    expect([list.status, list.headers['content-encoding']]).to.deep.equal([200, undefined]);
    expect(list.headers['cache-control']).to.include('no-transform');
    const body = JSON.stringify({ name: 'new', role: 'read', person: 'ada' });
    const made = await ask('/api/v1/tokens', { method: 'POST', headers: bearer(), body });
    expect([made.status, made.headers['content-encoding']]).to.deep.equal([201, undefined]);
    expect(JSON.parse(String(made.bytes)).token).to.be.a('string');
  });

  it('is not for answers without content', async () => {
    const head = await ask('/builds/1', { method: 'HEAD' });
    expect([head.status, head.bytes.length, head.headers['content-encoding']]).to.deep.equal([200, 0, undefined]);
  });
});
