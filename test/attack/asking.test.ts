import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { listActions } from '../../src/record/audit-search.ts';
import { attack } from '../support/attack.ts';
import { until } from '../support/until.ts';
import { bodyOf, job, rawRequest, Site } from '../web/site.ts';
import { EventReader } from '../web/sse.ts';

/** A proxy as `proxy_pass http://127.0.0.1:8420;` makes one: with its own Host, and without forwarding headers. */
async function silentProxy(target: string): Promise<Server> {
  const { host } = new URL(target);
  const proxy = createServer((asked, answer) => {
    const headers = { ...asked.headers, host };
    const passed = request(`${target}${asked.url}`, { method: asked.method, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    asked.pipe(passed);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
}

describe('a request without the rights for it', () => {
  let site: Site;
  let published: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
    await site.build('app');
    published = await Site.start({ url: 'https://ci.example' });
    await published.repository('app');
    await published.build('app');
  });
  after(async () => {
    await site?.stop();
    await published?.stop();
  });

  attack(
    {
      attacker: 'neighbour on the network',
      asset: 'results and logs',
      title: 'cannot pass as local through a proxy that adds no header',
    },
    async () => {
      const proxy = await silentProxy(published.url);
      try {
        const at = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
        for (const path of ['/api/v1/builds', '/api/v1/jobs/1-1/log', '/metrics', '/queues/api/queues', '/'])
          expect((await fetch(at + path, { redirect: 'manual' })).status, path).to.equal(401);
        const { status } = await fetch(`${at}/`, { redirect: 'manual', headers: { accept: 'text/html' } });
        expect(status).to.equal(303);
      } finally {
        proxy.close();
        proxy.closeAllConnections();
      }
    },
  );

  attack(
    {
      attacker: 'neighbour on the network',
      asset: 'results and logs',
      title: 'cannot pass as local through an unconfigured proxy such as nginx with its defaults',
    },
    async () => {
      const { hostname, port, host } = new URL(site.url);
      const ask = async (version: string, path: string) => {
        const socket = connect(Number(port), hostname);
        socket.end(`GET ${path} HTTP/${version}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
        return /^HTTP\/1.1 (\d+)/.exec(await text(socket))?.[1];
      };
      for (const path of ['/api/v1/builds', '/api/v1/jobs/1-1/log', '/metrics', '/api/v1/events'])
        expect(await ask('1.0', path), path).to.equal('401');
      expect(await ask('1.1', '/api/v1/builds'), 'who is on this machine').to.equal('200');
    },
  );

  attack(
    {
      attacker: 'neighbour on the network',
      asset: 'results and logs',
      title: 'cannot pass as local by forged headers',
    },
    async () => {
      for (const headers of [
        { 'x-forwarded-for': '127.0.0.1' },
        { forwarded: 'for=127.0.0.1' },
        { host: 'localhost', 'x-real-ip': '127.0.0.1' },
      ])
        expect((await rawRequest(`${published.url}/api/v1/builds`, headers as never)).status).to.be.oneOf([401, 403]);
    },
  );

  attack(
    {
      attacker: 'job beside mine',
      asset: 'secrets',
      title: 'cannot read variables, inputs and payloads in the queue board',
    },
    async () => {
      for (const path of [
        '/queues',
        '/queues/api/queues?activeQueue=jobs.linux&status=completed',
        '/queues/api/queues/jobs.linux/1-1.1',
        '/api/v1/variables',
        '/api/v1/repos/app/variables',
      ])
        expect((await site.fetch(path)).status, path).to.equal(401);
    },
  );

  attack(
    {
      attacker: 'person with a token',
      asset: 'results and logs',
      title: 'cannot read, follow or cancel builds of a private repository with a token for another one',
    },
    async () => {
      await site.repository('closed', { visibility: 'private' });
      const build = await site.build('closed', { subject: 'canary' });
      await site.appendLog({ job: job(build), attempt: 1 }, 'canary\n');
      const { token } = await bodyOf(
        await site.post('/api/v1/tokens', { name: 'app', role: 'approve', repos: ['app'] }),
      );
      const headers = { authorization: `Bearer ${token}` };
      const stream = await EventReader.open(`${site.url}/api/v1/events`, headers);
      try {
        for (const path of [
          '/',
          '/api/v1/builds',
          '/api/v1/builds?repo=closed',
          '/repos',
          '/api/v1/status',
          '/metrics',
        ])
          expect(await (await site.fetch(path, { headers })).text(), path).to.not.match(/canary|closed<|"closed"/);
        for (const path of [`/builds/${build}`, `/api/v1/jobs/${build}-1/log?follow=1`, '/badge/closed.svg'])
          expect((await site.fetch(path, { headers })).status, path).to.equal(404);
        const cancel = await site.fetch(`/api/v1/builds/${build}/cancel`, { method: 'POST', headers });
        expect(cancel.status).to.equal(404);
        await site.announce(await site.build('closed'), 'closed', 'queued');
        const seen = await site.build('app');
        await site.announce(seen, 'app', 'queued');
        expect((await stream.next())?.data).to.include(`"build":"${seen}"`);
      } finally {
        stream.close();
      }
    },
  );

  attack(
    {
      attacker: 'job beside mine',
      asset: 'availability',
      title: 'cannot fill the audit log with failed sign-ins from forged addresses',
    },
    async () => {
      for (const one of [site, published]) {
        const attempt = (index: number) =>
          one.ask('/sign-in', {
            method: 'POST',
            body: new URLSearchParams({ token: `wrong ${index}` }),
            headers: { 'x-forwarded-for': `198.51.${index >> 8}.${index & 255}`, host: 'ci.example' },
          });
        for (let index = 0; index < 300; index += 20)
          await Promise.all(Array.from({ length: 20 }, (_, more) => attempt(index + more)));
        const noted = await listActions(one.context.database, { actor: 'unknown', limit: 500 });
        // behind a proxy, programs of this machine can invent client addresses, so there is a limit for all together,
        // too
        expect(noted.length).to.be.within(1, one === site ? 2 : 100);
      }
    },
  );

  attack(
    {
      attacker: 'job beside mine',
      asset: 'sessions and tokens',
      title: 'cannot lock an administrator out with wrong tokens from the same address',
    },
    async () => {
      for (const one of [site, published]) {
        const ask = (token: string) =>
          one.fetch('/api/v1/builds', {
            headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': '192.0.2.99' },
          });
        // at once: a busy machine would let the limit recover between them
        const refused = await Promise.all(Array.from({ length: 60 }, (_, index) => ask(`wrong-${index}`)));
        expect(refused.map(({ status }) => status)).to.include(429);
        expect((await ask(one.token)).status).to.equal(200);
      }
    },
  );

  attack(
    {
      attacker: 'neighbour on the network',
      asset: 'availability',
      title: 'cannot block the webhook of a repository with unsigned calls and slow bodies',
    },
    async () => {
      const { secret } = await bodyOf(await published.post('/api/v1/repos/app/hook'));
      const call = (headers: Record<string, string>) =>
        published.fetch('/hooks/app', { method: 'POST', headers, body: '{}' });
      const slow: Socket[] = [];
      try {
        for (let index = 0; index < 40; index++) {
          const socket = connect(Number(new URL(published.url).port), '127.0.0.1');
          slow.push(socket.on('error', () => undefined));
          socket.write(
            `POST /hooks/app HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: 198.51.100.${index}\r\nx-gitlab-token: x\r\ncontent-length: 9\r\n\r\n{`,
          );
        }
        // the oldest connections made room for the last one
        await until('some slow requests to be refused', () => slow.some(({ bytesRead }) => bytesRead > 0));
        const unsigned = Array.from({ length: 140 }, (_, index) =>
          call({ 'x-hub-signature-256': `sha256=${index}`, 'x-forwarded-for': '203.0.113.7' }),
        );
        expect((await Promise.all(unsigned)).map(({ status }) => status)).to.include(429);
        const answer = await call({ 'x-gitlab-token': secret, 'x-forwarded-for': '192.0.2.1' });
        expect(answer.status, 'the forge').to.equal(202);
      } finally {
        for (const socket of slow) socket.destroy();
      }
    },
  );

  attack(
    {
      attacker: 'anonymous reader',
      asset: 'availability',
      title: 'cannot exhaust event streams and connections',
    },
    async () => {
      const opened: EventReader[] = [];
      const idle: Socket[] = [];
      try {
        for (let index = 0; index < 100; index++) opened.push(await EventReader.open(`${site.url}/api/v1/events`));
        await until('further streams to be refused', async () => {
          const answer = await site.fetch('/api/v1/events');
          if (answer.ok) await answer.body?.cancel();
          return answer.status === 429;
        });
        const headers = { authorization: `Bearer ${site.token}` };
        opened.push(await EventReader.open(`${site.url}/api/v1/events`, headers));
        for (let index = 0; index < 1200; index++)
          idle.push(connect(Number(new URL(site.url).port), '127.0.0.1').on('error', () => undefined));
        await until('the oldest connections to be closed', () => idle.some(({ destroyed }) => destroyed));
        expect((await site.fetch('/api/v1/builds')).status).to.equal(200);
      } finally {
        for (const one of opened) one.close();
        for (const socket of idle) socket.destroy();
      }
    },
  );

  attack(
    {
      attacker: 'neighbour on the network',
      asset: 'availability',
      title: 'cannot exhaust connections with unfinished sign-in requests',
    },
    async () => {
      const begun: Socket[] = [];
      const { host } = new URL(site.privateUrl);
      const form = 'application/x-www-form-urlencoded';
      try {
        for (let index = 0; index < 1100; index++) {
          const socket = connect(Number(new URL(site.url).port), '127.0.0.1');
          socket.write(
            `POST /sign-in HTTP/1.1\r\nhost: ${host}\r\ncontent-type: ${form}\r\ncontent-length: 9\r\n\r\nt`,
          );
          begun.push(socket.on('error', () => undefined).resume());
        }
        await until(
          'some unfinished requests to be closed',
          () => begun.filter(({ destroyed }) => destroyed).length >= 100,
        );
        expect(begun.every(({ bytesRead }) => bytesRead === 0)).to.equal(true);
        expect((await site.fetch('/api/v1/builds')).status).to.equal(200);
      } finally {
        for (const socket of begun) socket.destroy();
      }
    },
  );
});
