import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { Client } from '../../src/cli/client.ts';
import { webFinding } from '../../src/cli/doctor/web.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import { volt } from '../support/cli.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { freePort } from '../support/redis.ts';

describe('commands that use the web stage', () => {
  const folders = new TestFolders();
  let server: Server | undefined;

  after(() => folders.remove());

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  /** @returns the address of a server that answers so */
  async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('exit 3 and tell how to start the web stage if it does not answer', async () => {
    const VOLT_URL = `http://127.0.0.1:${await freePort()}`;
    for (const args of [['builds'], ['status'], ['trigger', 'x'], ['logs', '1', '-f']]) {
      const { code, stderr } = await volt(args, { env: { VOLT_URL } });
      expect(code, args[0]).to.equal(3);
      expect(stderr).to.match(/^error web_unreachable: .*ECONNREFUSED\n {2}Start it with `npx volt up`/);
    }
  });

  it('name the user who owns the data directory, and `volt doctor` reports it', async function () {
    if (process.geteuid?.() !== 0) return this.skip();
    const dataDir = folders.make();
    chmodSync(dataDir, 0o755);
    writeFileSync(join(dataDir, 'web.url'), 'http://127.0.0.1:1', { mode: 0o600 });
    const config = loadConfig({ dataDir });
    process.seteuid?.(65534);
    try {
      const error = await failure('data_unwritable', async () => Client.of(config));
      expect(error.remedy).to.include('as the user of Volt').and.include('VOLT_TOKEN');
      expect(await webFinding(config)).to.include({ level: 'fail', remedy: error.remedy });
    } finally {
      process.seteuid?.(0);
    }
  });

  it('exit 3 if another program answers', async () => {
    const VOLT_URL = await serve((_, response) => response.writeHead(502).end('<h1>Bad Gateway</h1>'));
    const { code, stderr } = await volt(['builds'], { env: { VOLT_URL } });
    expect(code).to.equal(3);
    expect(stderr).to.contain('is not Volt (it answered with status 502)');
  });

  it('print the error code and the remedy of the server', async () => {
    const VOLT_URL = await serve((_, response) => {
      const error = { code: 'conflict', message: 'it is over', remedy: 'Nothing is left.' };
      response.writeHead(409, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
    });
    const end = await volt(['trigger', 'x', '--json'], { env: { VOLT_URL } });
    expect(end.code).to.equal(2);
    expect(JSON.parse(end.stderr)).to.deep.equal({
      error: { code: 'conflict', message: 'it is over', remedy: 'Nothing is left.' },
    });
  });

  it('replace API requests in a remedy by commands', async () => {
    const VOLT_URL = await serve((request, response) => {
      const codes: { [path: string]: [number, string] } = {
        '/api/v1/builds/7': [404, 'not_found'],
        '/api/v1/repos/x/trigger': [401, 'token_needed'],
        '/api/v1/status': [400, 'bad_request'],
      };
      const { pathname } = new URL(request.url ?? '', 'http://x');
      const [status, code] = codes[pathname] ?? [200, ''];
      const error = { code, message: 'no', remedy: 'Send "Authorization"; see /api/v1/openapi.json.' };
      const body = status === 200 ? { builds: [], next: null } : { error };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    const said: [args: string[], remedy: RegExp][] = [
      [['show', '7'], /^error not_found: no\n {2}`npx volt builds` lists/],
      [['trigger', 'x'], /^error token_needed: no\n {2}Give --data with .*VOLT_TOKEN/],
      [['status'], /^error bad_request: no\n {2}Correct the arguments/],
    ];
    for (const [args, remedy] of said) expect((await volt(args, { env: { VOLT_URL } })).stderr).to.match(remedy);
  });

  it('refuse an ambiguous build or job', async () => {
    const jobs = ['1-1', '1-2'].map((id) => ({ id, name: 'test', attempts: [] }));
    const VOLT_URL = await serve((request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      const builds = url.searchParams.get('repo') === '7' ? [{ id: '1', number: 1, repo: '7' }] : [];
      const body = url.pathname === '/api/v1/builds' ? { builds, next: null } : { id: '1', repo: '7', number: 1, jobs };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    const build = await volt(['show', '7'], { env: { VOLT_URL } });
    expect(build.code).to.equal(2);
    expect(build.stderr).to.match(
      /^error usage: "7" is both the id of a build and the name of a repository\n .*7#NUMBER/,
    );
    const job = await volt(['logs', '1', 'test'], { env: { VOLT_URL } });
    expect(job.code).to.equal(2);
    expect(job.stderr).to.match(/^error usage: build 7#1 has 2 jobs "test"\n .*1-1, 1-2/);
  });

  it('send the token', async () => {
    const seen: (string | undefined)[] = [];
    const VOLT_URL = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"builds":[],"next":null}');
    });
    const end = await volt(['builds'], { env: { VOLT_URL, VOLT_TOKEN: 'a-token-of-the-test' } });
    expect(end).to.include({ code: 0, stdout: 'no builds\n' });
    expect(seen).to.deep.equal(['Bearer a-token-of-the-test']);
  });

  it('resume a log stream where it broke', async () => {
    const asked: string[] = [];
    const job = { id: '1-1', name: 'test', attempts: [{ number: 2 }] };
    const VOLT_URL = await serve((request, response) => {
      if (request.url?.startsWith('/api/v1/builds?')) {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"builds":[],"next":null}');
        return;
      }
      if (request.url === '/api/v1/builds/1') {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: '1', jobs: [job] }));
        return;
      }
      asked.push(`${request.url} after ${request.headers['last-event-id']}`);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (asked.length === 1) {
        response.write('event: chunk\nid: 4\ndata: "one\\n"\n\n');
        response.write('event: chunk\nid: 8\ndata: "half an eve', () => response.destroy());
        return;
      }
      response.end('event: chunk\nid: 8\ndata: "two\\n"\n\nevent: end\ndata: {"status":"success"}\n\n');
    });
    const end = await volt(['logs', '1', '-f'], { env: { VOLT_URL } });
    expect(end).to.include({ code: 0, stdout: 'one\ntwo\n' });
    expect(asked).to.deep.equal([
      '/api/v1/jobs/1-1/log?follow=1&attempt=2 after undefined',
      '/api/v1/jobs/1-1/log?follow=1&attempt=2 after 4',
    ]);
  });

  it('find a build by its number on a later page', async () => {
    const builds = (first: number, count: number) =>
      Array.from({ length: count }, (_, index) => ({ id: String(first - index), number: first - index, repo: 'app' }));
    const VOLT_URL = await serve((request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      const page =
        url.searchParams.get('before') === '501'
          ? { builds: builds(500, 500), next: null }
          : { builds: builds(1000, 500), next: '501' };
      const answer = url.pathname.startsWith('/api/v1/builds/') ? { id: url.pathname.split('/').at(-1) } : page;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
    const found = await volt(['show', 'app#3', '--json'], { env: { VOLT_URL } });
    expect(JSON.parse(found.stdout)).to.deep.equal({ id: '3' });
    const missing = await volt(['show', 'app#1001'], { env: { VOLT_URL } });
    expect(missing.code).to.equal(2);
    expect(missing.stderr).to.match(/^error not_found: build app#1001 does not exist/);
  });
});
