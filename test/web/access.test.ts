import { readFileSync, statSync } from 'node:fs';
import { expect } from 'chai';
import type { Config } from '../../src/kernel/config.ts';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { owner } from '../../src/web/access/caller.ts';
import { Guard } from '../../src/web/access/guard.ts';
import { webApp } from '../../src/web/app.ts';
import { isOwnHost } from '../../src/web/http/hosts.ts';
import { volt } from '../support/cli.ts';
import { bodyOf, fetchAs, rawRequest, Site } from './site.ts';

type Headings = { [name: string]: string };

describe('web: access rights', () => {
  let site: Site;
  let cancel: string;
  before(async () => {
    site = await Site.start();
    await site.repository('sample');
    cancel = `/api/v1/builds/${await site.build('sample')}/cancel`;
  });
  after(() => site.stop());

  describe('writing', () => {
    for (const [what, headers, code = 'token_needed'] of [
      ['no token', {}],
      ['a wrong token', { authorization: 'Bearer 0123456789abcdef' }, 'token_wrong'],
      ['an empty token', { authorization: 'Bearer ' }],
      [
        'a forged session',
        { cookie: `volt_session_00000000=${Math.floor(Date.now() / 1000) + 1000}.${'0'.repeat(64)}` },
      ],
    ] as [what: string, headers: { [name: string]: string }, code?: string][]) {
      it(`is refused with ${what}`, async () => {
        const answer = await site.fetch(cancel, { method: 'POST', headers });
        expect(answer.status).to.equal(401);
        const { error } = await bodyOf(answer);
        expect(error.code).to.equal(code);
        expect(error.remedy).to.include('volt token add');
        expect(answer.headers.get('www-authenticate')).to.equal('Bearer');
      });
    }

    it('is refused for routes that do not exist, without saying so', async () => {
      expect((await site.fetch('/api/v1/nothing', { method: 'POST' })).status).to.equal(401);
      expect((await site.post('/api/v1/nothing')).status).to.equal(404);
    });

    it('is allowed with the token', async () => {
      expect((await site.post(cancel)).status).to.equal(202);
    });

    it('is allowed to a signed-in browser from a page of Volt', async () => {
      const cookie = await site.signIn();
      for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: site.privateUrl }]) {
        const answer = await site.ask(cancel, { method: 'POST', headers: { cookie, ...headers } as Headings });
        expect(answer.status, JSON.stringify(headers)).to.equal(202);
      }
    });

    it('is refused to pages of other sites, although the browser sends the cookie', async () => {
      const cookie = await site.signIn();
      for (const headers of [
        { 'sec-fetch-site': 'cross-site', origin: site.privateUrl },
        { 'sec-fetch-site': 'same-site' },
        { 'sec-fetch-site': 'none' },
        { origin: 'http://evil.example' },
        { origin: site.url },
        { origin: 'null' },
        {},
      ]) {
        const answer = await site.ask(cancel, { method: 'POST', headers: { cookie, ...headers } as Headings });
        expect(answer.status, JSON.stringify(headers)).to.equal(401);
      }
    });
  });

  describe('signing in', () => {
    const post = (fields: { [name: string]: string }, headers: Headings = {}) =>
      site.ask('/sign-in', { method: 'POST', body: new URLSearchParams(fields), headers });

    it('sets a cookie that scripts cannot read, other sites cannot send, and that is not the token', async () => {
      const answer = await post({ token: site.token, next: '/builds/1?job=1-1' });
      expect(answer.status).to.equal(303);
      expect(answer.headers.get('location')).to.equal('/builds/1?job=1-1');
      const cookie = answer.headers.get('set-cookie') ?? '';
      expect(cookie)
        .to.match(/; Path=\//)
        .and.match(/; HttpOnly/)
        .and.match(/; SameSite=Strict/);
      expect(cookie).to.not.include(site.token);
    });

    it('keeps the page to open next after a wrong token', async () => {
      const next = '/builds/1?job=1-1';
      const answer = await post({ token: 'not the token', next });
      expect(answer.status).to.equal(401);
      const page = await answer.text();
      expect(page).to.include('This token is not valid').and.include(`name="next" value="${next}"`);
      expect(await (await post({ token: 'no', next: '//evil.example/' })).text()).to.include('name="next" value="/"');
    });

    it('does not redirect to another site', async () => {
      for (const next of [
        '//evil.example/',
        'https://evil.example/',
        '/\\evil.example',
        '/.//evil.example',
        'javascript:1',
        '',
      ]) {
        const answer = await post({ token: site.token, next });
        expect(answer.headers.get('location'), next).to.equal('/');
      }
    });

    it('is refused with a wrong token and from a page of another site', async () => {
      const wrong = await post({ token: 'wrong' });
      expect(wrong.status).to.equal(401);
      expect(wrong.headers.get('set-cookie')).to.equal(null);
      expect(await wrong.text()).to.include('This token is not valid');
      expect((await post({ token: site.token }, { origin: 'http://evil.example' })).status).to.equal(401);
    });

    it('is undone by signing out', async () => {
      const cookie = await site.signIn();
      const answer = await site.ask('/sign-out', { method: 'POST', headers: { cookie, origin: site.privateUrl } });
      expect(answer.headers.get('set-cookie')).to.match(/Max-Age=0/);
    });

    it('is undone for every copy of the cookie by signing out, but for no other session', async () => {
      const [cookie, other] = [await site.signIn(), await site.signIn()];
      const isIn = async (one: string) => (await site.page('/', { cookie: one })).includes('Sign out');
      expect([await isIn(cookie), await isIn(other)]).to.deep.equal([true, true]);
      await site.ask('/sign-out', { method: 'POST', headers: { cookie, origin: site.privateUrl } });
      expect([await isIn(cookie), await isIn(other)]).to.deep.equal([false, true]);
    });

    it('expires after 30 days, and when the main token changes', async () => {
      const { context } = site;
      const guard = new Guard(site.token, context);
      const begin = Date.now();
      const of = { person: null, token: null, provider: null };
      const session = await guard.beginSession({ ...of, origin: site.url, address: '127.0.0.1', agent: 'a browser' });
      expect(await guard.callerOfSession(session, site.url, begin + 29 * 86_400_000)).to.deep.equal(owner);
      expect(await guard.callerOfSession(session, site.url, begin + 31 * 86_400_000)).to.equal(undefined);
      expect(await new Guard('another token of length', context).callerOfSession(session, site.url, begin)).to.equal(
        undefined,
      );
    });

    it('lasts as long as VOLT_SESSION_HOURS says', async () => {
      const { context } = site;
      const guard = new Guard(site.token, { ...context, config: { ...context.config, sessionHours: 12 } });
      const body = new URLSearchParams({ token: site.token });
      const headers = { host: new URL(site.privateUrl).host, origin: site.privateUrl };
      const env = { incoming: { socket: { remoteAddress: '127.0.0.1' } } };
      const app = webApp(await site.web({ guard }));
      const answer = await app.request(`${site.privateUrl}/sign-in`, { method: 'POST', body, headers }, env);
      const cookie = answer.headers.get('set-cookie') ?? '';
      expect(cookie).to.include('Max-Age=43200;');
      const secret = /=([^;]+)/.exec(cookie)?.[1] ?? '';
      const hours = (number: number) => Date.now() + number * 3_600_000;
      expect(await guard.callerOfSession(secret, site.privateUrl, hours(11))).to.deep.equal(owner);
      expect(await guard.callerOfSession(secret, site.privateUrl, hours(13))).to.equal(undefined);
    });

    /** Signs in at an address, as the web stage is reached by that. @returns the answer */
    const signInAt = async (origin: string, url?: string, more: Headings = {}) => {
      const hosts = { bound: '0.0.0.0', machine: 'box', url };
      const { host } = new URL(origin);
      const app = webApp(await site.web({ hosts }));
      const env = { incoming: { socket: { remoteAddress: '127.0.0.1' } } };
      const body = new URLSearchParams({ token: site.token });
      return app.request(`${origin}/sign-in`, { method: 'POST', body, headers: { host, ...more } }, env);
    };

    it('sets a cookie for https and that host only, if people use https', async () => {
      for (const [origin, url, headers] of [
        ['https://ci.example', 'https://ci.example', {}],
        ['https://ci.example:8443', 'https://ci.example:8443/', {}],
        ['http://ci.example', 'http://ci.example', { 'x-forwarded-proto': 'https' }],
      ] as const) {
        const cookie = (await signInAt(origin, url, headers)).headers.get('set-cookie') ?? '';
        expect(cookie, url)
          .to.match(/^__Host-volt_session_/)
          .and.match(/; Secure/);
      }
      for (const headers of [{}, { 'x-forwarded-proto': 'https' }]) {
        const cookie = (await signInAt(site.privateUrl, undefined, headers)).headers.get('set-cookie');
        expect(cookie)
          .to.match(/^volt_session_/)
          .and.not.match(/; Secure/);
      }
    });

    it('is refused at well-known names of this machine, and the page does not reveal the private name', async () => {
      for (const host of ['127.0.0.1:8420', 'localhost:8420', '[::1]:8420', 'volt.localhost', '127.0.0.2']) {
        const answer = await signInAt(`http://${host}`);
        expect([answer.status, answer.headers.get('set-cookie')], host).to.deep.equal([403, null]);
        const page = await answer.text();
        expect(page, host)
          .to.include('volt sign-in')
          .and.not.include(new URL(site.privateUrl).hostname)
          .and.not.include('name="token"');
      }
      expect((await site.fetch('/sign-in')).status).to.equal(200);
      expect(await site.page('/sign-in')).to.not.include(new URL(site.privateUrl).hostname);
    });

    it('happens at VOLT_URL, to which the page of another address links', async () => {
      expect((await signInAt('https://ci.example', 'https://ci.example')).status).to.equal(303);
      expect((await signInAt('http://box:8420')).status).to.equal(303);
      const refused = await signInAt('http://box:8420', 'https://ci.example');
      expect(refused.status).to.equal(403);
      expect(await refused.text()).to.include('href="https://ci.example/sign-in"');
    });

    it('sets a cookie that is valid at that origin only', async () => {
      const cookie = await site.signIn();
      const { host, port } = new URL(site.privateUrl);
      const isIn = async (name: string) =>
        (await (await fetchAs(name, `${site.url}/`, { headers: { cookie, accept: 'text/html' } })).text()).includes(
          'Sign out',
        );
      expect(await isIn(host)).to.equal(true);
      for (const name of [`127.0.0.1:${port}`, `localhost:${port}`, host.replace(port, '31337'), `x.localhost:${port}`])
        expect(await isIn(name), name).to.equal(false);
    });

    it('has an address that is answered with a token, and is in a file for its owner', async () => {
      const file = dataPaths(site.context.config.dataDir).signInUrl;
      expect(readFileSync(file, 'utf8')).to.equal(`${site.privateUrl}/sign-in\n`);
      expect(statSync(file).mode & 0o777).to.equal(0o600);
      expect((await site.fetch('/api/v1/sign-in')).status).to.equal(401);
      const { stdout } = await volt(['sign-in'], { env: { VOLT_URL: site.url, VOLT_TOKEN: site.token } });
      expect(stdout).to.equal(`${site.privateUrl}/sign-in\n`);
    });
  });

  describe('reading', () => {
    const ask = async (
      path: string,
      from: string,
      headers: { [name: string]: string } = {},
      reading: Config['reading'] = 'local',
      url?: string,
    ) => {
      const hosts = { bound: '0.0.0.0', machine: 'box', url };
      const app = webApp(await site.web({ hosts, config: { ...site.context.config, reading } }));
      const env = { incoming: { socket: { remoteAddress: from } } };
      const host = from === '192.0.2.7' ? 'box:8420' : 'localhost:8420';
      return app.request(`http://box${path}`, { headers: { host, ...headers } }, env);
    };

    for (const from of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      it(`is open to ${from}`, async () => {
        expect((await ask('/api/v1/builds', from)).status).to.equal(200);
      });
    }

    it('needs the token from other machines', async () => {
      const answer = await ask('/api/v1/builds', '192.0.2.7');
      expect([answer.status, (await bodyOf(answer)).error.code]).to.deep.equal([401, 'token_needed']);
      const headers = { authorization: `Bearer ${site.token}` };
      expect((await ask('/api/v1/builds', '192.0.2.7', headers)).status).to.equal(200);
      expect((await ask('/queues/api/queues', '192.0.2.7')).status).to.equal(401);
    });

    it('sends a browser of another machine to the sign-in page and then to the requested page', async () => {
      const answer = await ask('/builds/1?job=1-1', '192.0.2.7', { accept: 'text/html' });
      expect(answer.status).to.equal(303);
      expect(answer.headers.get('location')).to.equal('/sign-in?next=%2Fbuilds%2F1%3Fjob%3D1-1');
    });

    it('is open to everybody if the settings say so, except queues, metrics and secrets', async () => {
      const html = { accept: 'text/html' };
      for (const path of ['/', '/builds', '/runners', '/api/v1/builds', '/api/v1/events', '/api/v1/openapi.json'])
        expect((await ask(path, '192.0.2.7', html, 'public')).status, path).to.equal(200);
      for (const path of ['/queues', '/queues/api/queues', '/metrics', '/api/v1/secrets', '/api/v1/credentials'])
        expect((await ask(path, '192.0.2.7', {}, 'public')).status, path).to.equal(401);
      expect((await ask('/queues', '127.0.0.1', {}, 'public')).status).to.equal(401);
      const passedOn = { 'x-forwarded-for': '198.51.100.7' };
      expect((await ask('/metrics', '127.0.0.1', passedOn, 'public')).status).to.equal(401);
      expect((await ask('/metrics', '127.0.0.1', {}, 'public')).status).to.equal(200);
    });

    it('needs a token everywhere if the settings say so', async () => {
      expect((await ask('/api/v1/builds', '127.0.0.1', {}, 'token')).status).to.equal(401);
      const headers = { authorization: `Bearer ${site.token}` };
      expect((await ask('/api/v1/builds', '127.0.0.1', headers, 'token')).status).to.equal(200);
    });

    it('is not local through a proxy, even one that adds no header and keeps the Host header', async () => {
      const paths = ['/api/v1/builds', '/metrics', '/api/v1/jobs/1-1/log'];
      for (const path of paths)
        expect((await ask(path, '127.0.0.1', {}, 'local', 'https://ci.example')).status, path).to.equal(401);
      for (const url of [undefined, 'http://127.0.0.1:9000', 'http://localhost:8420'])
        expect((await ask('/api/v1/builds', '127.0.0.1', {}, 'local', url)).status, url).to.equal(200);
      expect((await ask('/api/v1/builds', '127.0.0.1', { host: 'box:8420' })).status).to.equal(401);
      expect((await ask('/api/v1/builds', '127.0.0.1', { 'x-forwarded-proto': 'https' })).status).to.equal(401);
    });

    it('the health check is open to every machine', async () => {
      expect((await ask('/healthz', '192.0.2.7')).status).to.equal(200);
    });
  });

  describe('the Host header', () => {
    it('with another name is refused for every path', async () => {
      for (const path of ['/', '/api/v1/builds', '/queues', '/healthz', '/public/style.css']) {
        const { status, body } = await rawRequest(site.url + path, { host: `evil.example:${new URL(site.url).port}` });
        expect(status, path).to.equal(403);
        expect(JSON.parse(body).error.code, path).to.equal('foreign_host');
      }
    });

    it('with another name is refused even with the token', async () => {
      const headers = { host: 'evil.example', authorization: `Bearer ${site.token}` };
      expect((await rawRequest(`${site.url}/api/v1/builds`, headers)).status).to.equal(403);
    });

    for (const host of [
      'localhost',
      'LOCALHOST:8420',
      'volt.localhost',
      '127.0.0.1:1',
      '127.9.9.9',
      '[::1]:8420',
      'localhost.',
    ]) {
      it(`"${host}" is this machine`, () => {
        expect(isOwnHost(host, { bound: '127.0.0.1', machine: 'box', url: undefined })).to.equal(true);
      });
    }

    for (const host of [
      undefined,
      '',
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '192.0.2.7',
      'box@evil',
      '[::1',
      'a b',
    ]) {
      it(`"${host}" is not`, () => {
        expect(isOwnHost(host, { bound: '127.0.0.1', machine: 'box', url: undefined })).to.equal(false);
      });
    }

    it("may be the machine's name, the address that Volt listens on, and VOLT_URL", () => {
      const own = { bound: '192.0.2.7', machine: 'Box', url: 'https://ci.example:8443/' };
      for (const host of ['box:8420', '192.0.2.7:8420', 'ci.example'])
        expect(isOwnHost(host, own), host).to.equal(true);
      for (const host of ['192.0.2.8', 'ci.example.org']) expect(isOwnHost(host, own), host).to.equal(false);
    });

    it('may be any address, but no other name, if Volt listens on all addresses', () => {
      const own = { bound: '0.0.0.0', machine: 'box', url: undefined };
      for (const host of ['192.0.2.8:8420', '[2001:db8::1]:8420']) expect(isOwnHost(host, own), host).to.equal(true);
      expect(isOwnHost('evil.example', own)).to.equal(false);
    });
  });

  it('every answer has headers that forbid what pages do not need', async () => {
    for (const path of [
      '/',
      '/api/v1/builds',
      '/nothing',
      '/queues',
      '/public/style.css',
      '/api/v1/jobs/1-1/log',
      '/healthz',
    ]) {
      const { headers } = await site.fetch(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy, path)
        .to.match(/default-src 'none'/)
        .and.match(/frame-ancestors 'none'/);
      expect(policy.match(/script-src [^;]*/)?.[0], path).to.equal("script-src 'self'");
      expect(policy, path).to.not.match(/https?:|unsafe/);
      expect(headers.get('x-frame-options'), path).to.equal('DENY');
      expect(headers.get('cross-origin-opener-policy'), path).to.equal('same-origin');
      expect(headers.get('permissions-policy'), path).to.match(/camera=\(\)/);
      expect(headers.get('x-content-type-options'), path).to.equal('nosniff');
      expect(headers.get('referrer-policy'), path).to.equal('same-origin');
    }
  });
});
