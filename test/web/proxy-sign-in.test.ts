import { connect } from 'node:net';
import { expect } from 'chai';
import { Hono } from 'hono';
import { type SignInProxy, signInProxyOf } from '../../src/kernel/proxy-sign-in.ts';
import { setBlocked } from '../../src/record/people.ts';
import { addProvider, removeProvider } from '../../src/record/providers.ts';
import type { WebEnv } from '../../src/web/access/env.ts';
import { takeProxyIdentity } from '../../src/web/access/proxy-headers.ts';
import { webApp } from '../../src/web/app.ts';
import { startWeb } from '../../src/web/start.ts';
import { bodyOf, rawRequest, Site } from './site.ts';

type Headings = { [name: string]: string };

/** The headers with which a proxy tells that a person is signed in. */
const ada = {
  'remote-user': 'ada',
  'remote-groups': 'devs, ops',
  'remote-name': 'Ada',
  'remote-email': 'ada@example.org',
};

describe('web: signing in by a proxy', () => {
  let site: Site;
  before(async () => {
    site = await Site.start({ proxySignIn: '127.0.0.1', url: 'http://ci.example:8420' });
    await site.repository('app');
  });
  after(() => site.stop());

  /** Who Volt takes the sender of a request for. @param from address of the connection */
  const callerAt = async (from: string, headers: Headings, path = '/api/v1/account') => {
    const { config } = site.context;
    const app = webApp(await site.web({ config: { ...config, proxySignIn: '10.0.0.7,fd00::/64' } }));
    const rawHeaders = Object.entries(headers).flat();
    const env = { incoming: { socket: { remoteAddress: from }, rawHeaders } };
    return app.request(`http://box${path}`, { headers: { host: 'box:8420', ...headers } }, env);
  };
  /** As the proxy sends it. */
  const ask = (path: string, init: { method?: string; headers?: Headings } = {}) =>
    site.fetch(path, { ...init, headers: { ...ada, ...init.headers } });

  it('makes the person known whom the proxy names, and keeps what it tells', async () => {
    const account = await bodyOf(await ask('/api/v1/account'));
    expect(account.person).to.include({ name: 'ada', displayName: 'Ada' });
    expect(account.identities).to.deep.equal([{ provider: 'proxy', login: 'ada' }]);
    expect(account.groups).to.deep.equal(['proxy/devs', 'proxy/ops']);
    expect(account.addresses).to.deep.equal(['ada@example.org']);
    const again = await bodyOf(await ask('/api/v1/account', { headers: { 'remote-name': 'Ada L.' } }));
    expect(again.person).to.include({ id: account.person.id, displayName: 'Ada L.' });
  });

  it('gives somebody new no rights', async () => {
    const headers = { 'remote-user': 'newcomer' };
    expect((await ask('/api/v1/repos/app/trigger', { method: 'POST', headers })).status).to.equal(401);
    expect((await ask('/queues', { headers })).status).to.equal(403);
  });

  for (const [from, status] of [
    ['10.0.0.7', 200],
    ['::ffff:10.0.0.7', 200],
    ['fd00::5', 200],
    ['10.0.0.8', 401],
    ['::ffff:10.0.0.8', 401],
    ['127.0.0.1', 401],
    ['::1', 401],
    ['', 401],
  ] as const) {
    it(`counts with status ${status} from ${from || 'an unknown address'}`, async () => {
      expect((await callerAt(from, ada)).status).to.equal(status);
    });
  }

  it('goes by the address of the connection alone', async () => {
    for (const headers of [
      { 'x-forwarded-for': '10.0.0.7' },
      { forwarded: 'for=10.0.0.7' },
      { 'x-real-ip': '10.0.0.7' },
    ] as Headings[])
      expect((await callerAt('192.0.2.7', { ...ada, ...headers })).status, JSON.stringify(headers)).to.equal(401);
  });

  it('takes the headers out of each request, so that nothing else sees them', async () => {
    const proxy = { ...signInProxyOf({ proxySignIn: '10.0.0.7', proxyHeaders: 'authelia', proxyName: 'proxy' }) };
    for (const [from, subject] of [
      ['10.0.0.7', 'ada'],
      ['10.0.0.8', undefined],
    ] as const) {
      let left: string[] | undefined;
      let taken: string | undefined;
      const app = new Hono<WebEnv>().all('*', (context) => {
        taken = takeProxyIdentity(context, proxy as SignInProxy)?.subject;
        left = [...context.req.raw.headers.keys()];
        return context.text('');
      });
      const incoming = { socket: { remoteAddress: from }, rawHeaders: Object.entries(ada).flat() };
      await app.request('/', { headers: { ...ada, accept: '*/*' } }, { incoming });
      expect([taken, left]).to.deep.equal([subject, ['accept']]);
    }
  });

  it('lets only pages of Volt change something, and pages of other sites see nothing', async () => {
    const path = '/api/v1/account/sessions/end-others';
    const { host } = new URL(site.url);
    for (const [headers, status] of [
      [{ 'sec-fetch-site': 'same-origin' }, 200],
      [{ origin: `http://${host}` }, 200],
      [{}, 401],
      [{ 'sec-fetch-site': 'cross-site' }, 401],
      [{ 'sec-fetch-site': 'same-site' }, 401],
      [{ origin: 'http://evil.example' }, 401],
    ] as [Headings, number][])
      expect((await ask(path, { method: 'POST', headers })).status, JSON.stringify(headers)).to.equal(status);
    // fetch sets one of these headers itself
    for (const [headers, status] of [
      [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 401],
      [{ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }, 401],
      [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 200],
      [{ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, 200],
      [{ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, 200],
    ] as [Headings, number][])
      expect((await rawRequest(`${site.url}/api/v1/account`, { ...ada, ...headers })).status).to.equal(status);
  });

  it('counts less than a token, and more than a session', async () => {
    const bearer = { authorization: `Bearer ${site.token}` };
    expect((await bodyOf(await ask('/api/v1/account', { headers: bearer }))).name).to.equal('owner');
    expect((await ask('/api/v1/account', { headers: { authorization: 'Bearer wrong' } })).status).to.equal(401);
    const body = new URLSearchParams({ token: site.token });
    const signedIn = await site.fetch('/sign-in', { method: 'POST', body, headers: { host: 'ci.example:8420' } });
    const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect((await bodyOf(await ask('/api/v1/account', { headers: { cookie } }))).name).to.equal('ada');
  });

  it('ends at once for a person who is blocked', async () => {
    const headers = { 'remote-user': 'mallory' };
    expect((await ask('/api/v1/account', { headers })).status).to.equal(200);
    await setBlocked(site.context.database, 'mallory', true);
    expect((await ask('/api/v1/account', { headers })).status).to.equal(401);
    await setBlocked(site.context.database, 'mallory', false);
    expect((await ask('/api/v1/account', { headers })).status).to.equal(200);
  });

  it('shows the person on pages, and where to sign out of the proxy', async () => {
    const page = async (config: { proxySignOut?: string }) => {
      const app = webApp(await site.web({ config: { ...site.context.config, ...config } }));
      const env = { incoming: { socket: { remoteAddress: '127.0.0.1' }, rawHeaders: [] } };
      const headers = { host: 'box:8420', accept: 'text/html', ...ada };
      return (await app.request('http://box/account', { headers }, env)).text();
    };
    const url = 'https://auth.example/logout';
    expect(await page({ proxySignOut: url }))
      .to.include(`<a href="${url}">Sign out</a>`)
      .and.include('>ada</a>');
    expect(await page({})).to.not.include('Sign out');
  });

  it('is refused if the proxy passes on what a client sends', async () => {
    const answer = await raw(site.url, ['Remote-User: ada', 'Remote-User: admin']);
    expect(answer)
      .to.match(/^HTTP\/1.1 400 /)
      .and.include('remote-user twice');
    expect(await raw(site.url, ['Remote-User: ada', 'Remote-Groups: devs', 'REMOTE-GROUPS: admins'])).to.include(
      'remote-groups twice',
    );
  });

  it('reads names in UTF-8, and refuses what is no name', async () => {
    const utf8 = (text: string) => Buffer.from(text).toString('latin1');
    const known = await bodyOf(
      await callerAt('10.0.0.7', { 'remote-user': utf8('zoë'), 'remote-groups': utf8('Entwürfe') }),
    );
    expect([known.identities[0].login, known.groups]).to.deep.equal(['zoë', ['proxy/Entwürfe']]);
    for (const user of ['\xff\xfe', utf8('a\u202eb'), utf8('a\u200bb'), 'a\tb', 'x'.repeat(256)]) {
      const answer = await callerAt('10.0.0.7', { 'remote-user': user });
      expect([answer.status, (await bodyOf(answer)).error.code], JSON.stringify(user)).to.deep.equal([
        400,
        'bad_request',
      ]);
    }
    // nobody is kept out by the name to show, or by an address of mail
    const odd = { 'remote-user': 'odd', 'remote-name': '\xff', 'remote-email': 'no address' };
    expect((await bodyOf(await callerAt('10.0.0.7', odd))).person.displayName).to.equal('odd');
  });

  it('takes at most 1,000 groups, and leaves out what can be no group', async () => {
    const groups = (count: number) => Array.from({ length: count }, (_, i) => `g${i}`).join(',');
    const answer = (told: string) => callerAt('10.0.0.7', { 'remote-user': 'many', 'remote-groups': told });
    expect((await bodyOf(await answer(groups(1000)))).groups).to.have.length(1000);
    const refused = await answer(groups(1001));
    expect([refused.status, (await bodyOf(refused)).error.message]).to.deep.equal([
      400,
      'the proxy in front of Volt sends the header remote-groups with 1001 groups, more than 1000',
    ]);
    const odd = ['/devs', '\xff', `${'x'.repeat(256)}`, 'a  b', '', 'devs', 'ops team'].join(',');
    expect((await bodyOf(await answer(odd))).groups).to.deep.equal(['proxy/devs', 'proxy/ops team']);
  });

  it('keeps the name of the proxy apart from those of providers, which would share its groups', async () => {
    const { context } = site;
    const about = { kind: 'oidc', url: 'https://id.example', clientId: 'volt', createdBy: 'owner' } as const;
    const taken = await addProvider(context.database, context.config, { ...about, name: 'proxy' }).catch(
      (error) => error,
    );
    expect(taken).to.include({ code: 'name_taken' });
    await addProvider(context.database, context.config, { ...about, name: 'corp' });
    const config = { ...context.config, proxyName: 'corp' };
    const started = startWeb({ ...context, config }, { host: '127.0.0.1', port: 0 });
    const refused = await started.catch((error) => error);
    expect(refused).to.include({ code: 'bad_setting' });
    expect(refused.message).to.include('VOLT_PROXY_NAME').and.include('corp');
    await removeProvider(context.database, 'corp');
  });
});

/** The answer to a request with these lines as its headers. */
function raw(url: string, lines: string[]): Promise<string> {
  const { hostname, port, host } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setEncoding('latin1').on('data', (text) => {
      answer += text;
    });
    socket.on('end', () => resolve(answer)).on('error', reject);
    socket.end(['GET /api/v1/account HTTP/1.1', `Host: ${host}`, 'Connection: close', ...lines, '', ''].join('\r\n'));
  });
}
