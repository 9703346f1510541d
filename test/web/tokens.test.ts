import { expect } from 'chai';
import { type Role, roles } from '../../src/kernel/roles.ts';
import { findIntent } from '../../src/record/intents.ts';
import { findTokenById, listTokens, noteUse } from '../../src/record/tokens.ts';
import { Guard } from '../../src/web/access/guard.ts';
import { RateLimiter } from '../../src/web/access/rate-limit.ts';
import { webApp } from '../../src/web/app.ts';
import { networkOf } from '../../src/web/http/network.ts';
import { volt } from '../support/cli.ts';
import { until } from '../support/until.ts';
import { bodyOf, Site } from './site.ts';

type Headings = { [name: string]: string };

describe('web: named tokens', () => {
  let site: Site;
  let build: string;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
    build = await site.build('app');
  });
  after(() => site.stop());

  let made = 0;
  async function token(role: Role): Promise<{ name: string; token: string }> {
    const answer = await site.post('/api/v1/tokens', { name: `${role}-${++made}`, role });
    expect(answer.status).to.equal(201);
    return bodyOf(answer);
  }
  const ask = (path: string, bearer: string, method = 'GET', headers: Headings = {}) =>
    site.fetch(path, { method, headers: { authorization: `Bearer ${bearer}`, ...headers } });
  const status = async (...request: Parameters<typeof ask>) => (await ask(...request)).status;

  it('allow exactly what their role says', async () => {
    const tokens = await Promise.all(roles.map(token));
    const asked = [
      ['/api/v1/builds', 'GET', 200, 200, 200, 200, 200],
      [`/api/v1/builds/${build}/cancel`, 'POST', 403, 202, 202, 202, 202],
      [`/builds/${build}/cancel`, 'POST', 403, 303, 303, 303, 303],
      ['/api/v1/repos/app/trigger', 'POST', 403, 202, 202, 202, 202],
      [`/api/v1/builds/${build}/approve`, 'POST', 403, 403, 409, 409, 409],
      [`/builds/${build}/approve`, 'POST', 403, 403, 303, 303, 303],
      ['/api/v1/repos/app/secrets', 'GET', 403, 403, 403, 200, 200],
      ['/api/v1/repos/app/trusted-refs', 'GET', 403, 403, 403, 200, 200],
      ['/api/v1/repos/app/hook', 'POST', 403, 403, 403, 200, 200],
      ['/api/v1/secrets', 'GET', 403, 403, 403, 403, 200],
      ['/api/v1/tokens', 'GET', 403, 403, 403, 403, 200],
      ['/api/v1/audit', 'GET', 403, 403, 403, 403, 200],
      ['/audit', 'GET', 403, 403, 403, 403, 200],
      ['/queues/api/queues/advance/pause', 'PUT', 403, 403, 403, 403, 200],
    ] as const;
    for (const [path, method, ...expected] of asked) {
      const answers = [];
      for (const one of tokens) answers.push(await status(path, one.token, method));
      expect(answers, `${method} ${path}`).to.deep.equal(expected);
    }
    const refusal = await bodyOf(await ask('/api/v1/repos/app/hook', (await token('approve')).token, 'POST'));
    expect(refusal.error.code).to.equal('role_needed');
    expect(refusal.error.remedy).to.include('--role own');
  });

  it('are named in what they cancel, the main token as the owner', async () => {
    const { name, token: text } = await token('run');
    for (const [bearer, because] of [
      [text, `cancelled by ${name}`],
      [site.token, 'cancelled by owner'],
    ] as const) {
      const id = await site.build('app');
      const { intent } = await bodyOf(await ask(`/api/v1/builds/${id}/cancel`, bearer, 'POST'));
      expect((await findIntent(site.context.database, intent))?.because).to.deep.equal({
        reason: 'by_user',
        message: because,
      });
    }
  });

  it('are stored as hashes and shown once', async () => {
    const { name, token: text } = await token('run');
    expect(text).to.match(/^volt_[\w-]{43}$/);
    const row = await site.context.database.db
      .selectFrom('tokens')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    expect(JSON.stringify(row)).to.not.include(text).and.not.include(text.slice(5));
    expect(await (await ask('/api/v1/tokens', site.token)).text())
      .to.include(name)
      .and.not.include(text);
  });

  it('have unique names, never that of the main token', async () => {
    const { name } = await token('read');
    for (const taken of [name, 'owner']) {
      const answer = await site.post('/api/v1/tokens', { name: taken });
      expect([answer.status, (await bodyOf(answer)).error.code], taken).to.deep.equal([409, 'name_taken']);
    }
    expect((await site.post('/api/v1/tokens', { name: '<b>' })).status).to.equal(400);
  });

  it('show when they were last used', async () => {
    const { name, token: text } = await token('read');
    const entry = async () => (await listTokens(site.context.database)).find((one) => one.name === name);
    expect((await entry())?.lastUsedAt).to.equal(null);
    await ask('/api/v1/builds', text);
    await until('the use to be noted', async () => (await entry())?.lastUsedAt !== null);
    const used = await entry();
    const at = Date.parse(used?.lastUsedAt ?? '');
    if (!used) throw new Error('there is no such token');
    await noteUse(site.context.database, used, at + 59_000);
    expect((await findTokenById(site.context.database, used.id))?.lastUsedAt).to.equal(used.lastUsedAt);
    await noteUse(site.context.database, used, at + 61_000);
    expect((await findTokenById(site.context.database, used.id))?.lastUsedAt).to.not.equal(used.lastUsedAt);
  });

  it('stop working when revoked, with the sessions that began with them', async () => {
    const { name, token: text } = await token('run');
    const cookie = await site.signIn(text);
    const cancel = () =>
      site.ask(`/api/v1/builds/${build}/cancel`, { method: 'POST', headers: { cookie, origin: site.privateUrl } });
    expect((await cancel()).status).to.equal(202);
    expect(await status(`/api/v1/tokens/${name}`, site.token, 'DELETE')).to.equal(200);
    expect((await cancel()).status).to.equal(401);
    expect(await status(`/api/v1/builds/${build}/cancel`, text, 'POST')).to.equal(401);
    expect(await status(`/api/v1/tokens/${name}`, site.token, 'DELETE')).to.equal(404);
    const again = await site.post('/api/v1/tokens', { name, role: 'approve' });
    expect(again.status).to.equal(201);
    expect((await cancel()).status, 'the name is another token now').to.equal(401);
  });

  it('decide which actions pages show', async () => {
    const [read, write, admin] = [await token('read'), await token('run'), await token('admin')];
    const page = (bearer: string) => site.page(`/builds/${build}`, { authorization: `Bearer ${bearer}` });
    expect(await page(read.token))
      .to.include('Sign out')
      .and.not.include('Cancel build');
    expect(await page(write.token))
      .to.include('Cancel build')
      .and.not.include('href="/audit"');
    expect(await page(admin.token)).to.include('href="/audit"');
  });

  it('are made, listed and revoked by the command line, and the audit log has it', async () => {
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await volt(args, { env: { VOLT_URL: site.url, VOLT_TOKEN: site.token } });
      expect(code, stderr).to.equal(0);
      return stdout;
    };
    const text = /^volt_\S+$/m.exec(await run('token', 'add', 'deploy', '--role', 'approve'))?.[0] ?? '';
    expect(await status(`/api/v1/builds/${build}/cancel`, text, 'POST')).to.equal(202);
    expect(await run('token', 'ls')).to.match(/deploy +approve/);
    await run('token', 'rm', 'deploy');
    expect(await status(`/api/v1/builds/${build}/cancel`, text, 'POST')).to.equal(401);
    expect(await run('audit', '--actor', 'deploy')).to.match(/deploy +127\.0\.0\.1 +builds\.cancel +app#1 +open/);
    expect(await run('audit'))
      .to.match(/owner .*tokens\.remove +deploy +done/)
      .and.match(/owner .*tokens\.add +deploy +done/);
  });
});

describe('web: rate limits', () => {
  let site: Site;
  let build: string;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
    build = await site.build('app');
  });
  after(() => site.stop());

  /** The web stage as it answers requests from elsewhere, with bounds that a test reaches. @param url that people use */
  async function elsewhere(url?: string) {
    const rate = { burst: 3, perSecond: 1 / 3600 };
    const hosts = { bound: '0.0.0.0', machine: 'box', url };
    const web = await site.web({ hosts, guard: new Guard(site.token, site.context, rate) });
    const app = webApp(web, rate);
    return async (from: string, bearer: string, method = 'GET', more: Headings = {}) => {
      const headers = { host: 'box', authorization: `Bearer ${bearer}`, ...more };
      const path = method === 'GET' ? '/api/v1/builds' : `/api/v1/builds/${build}/cancel`;
      const env = { incoming: { socket: { remoteAddress: from } } };
      const answer = await app.request(`http://box${path}`, { method, headers }, env);
      expect(answer.headers.get('retry-after') !== null).to.equal(answer.status === 429);
      return answer.status;
    };
  }

  for (const from of ['192.0.2.7', '127.0.0.1']) {
    it(`refuse further wrong tokens from ${from}, but accept the right one`, async () => {
      const ask = await elsewhere();
      for (let i = 0; i < 3; i++) expect(await ask(from, `wrong-${i}`)).to.equal(401);
      expect(await ask(from, 'wrong')).to.equal(429);
      expect(await ask(from, site.token)).to.equal(200);
      expect(await ask('192.0.2.8', 'wrong')).to.equal(401);
    });
  }

  it('tell senders behind the proxy of VOLT_URL apart', async () => {
    const ask = await elsewhere('https://ci.example');
    const via = (address: string) => ({ 'x-forwarded-for': `203.0.113.9, ${address}` });
    for (let i = 0; i < 4; i++) await ask('127.0.0.1', 'wrong', 'GET', via('192.0.2.7'));
    expect(await ask('127.0.0.1', 'wrong', 'GET', via('192.0.2.7'))).to.equal(429);
    expect(await ask('127.0.0.1', 'wrong', 'GET', via('192.0.2.8'))).to.equal(401);
    expect(await ask('127.0.0.1', site.token, 'GET', via('192.0.2.7'))).to.equal(200);
  });

  it('ignore proxy headers if there is no proxy', async () => {
    for (const [url, from] of [
      [undefined, '127.0.0.1'],
      ['http://localhost:8420', '127.0.0.1'],
      ['https://ci.example', '192.0.2.7'],
    ] as const) {
      const ask = await elsewhere(url);
      const statuses = [];
      for (let i = 0; i < 4; i++) statuses.push(await ask(from, 'wrong', 'GET', { 'x-forwarded-for': `192.0.2.${i}` }));
      expect(statuses, url).to.deep.equal([401, 401, 401, 429]);
    }
  });

  it('limit changes by token and by address', async () => {
    const ask = await elsewhere();
    const { token } = await bodyOf(await site.post('/api/v1/tokens', { name: 'busy', role: 'approve' }));
    for (let i = 0; i < 3; i++) expect(await ask('192.0.2.7', site.token, 'POST')).to.equal(202);
    expect(await ask('192.0.2.7', site.token, 'POST')).to.equal(429);
    expect(await ask('192.0.2.8', site.token, 'POST'), 'the same token').to.equal(429);
    expect(await ask('192.0.2.7', token, 'POST'), 'the same address').to.equal(429);
    expect(await ask('192.0.2.9', token, 'POST')).to.equal(202);
    expect(await ask('192.0.2.7', site.token), 'reading').to.equal(200);
  });

  it('allow a burst, then the steady rate', () => {
    const limiter = new RateLimiter({ burst: 60, perSecond: 5 });
    const taken = Array.from({ length: 100 }, () => limiter.take('app', 0)).filter(Boolean);
    expect(taken).to.have.length(60);
    expect([limiter.isExhausted('app', 0), limiter.isExhausted('other', 0)]).to.deep.equal([true, false]);
    expect(limiter.take('app', 199)).to.equal(false);
    expect(limiter.take('app', 300)).to.equal(true);
  });

  it('remember a limited number of callers', () => {
    const limiter = new RateLimiter({ burst: 1, perSecond: 1 });
    expect(limiter.take('first', 0)).to.equal(true);
    expect(limiter.take('first', 0)).to.equal(false);
    for (let i = 0; i < 10_000; i++) limiter.take(`other ${i}`, 0);
    expect(limiter.take('first', 0), 'forgotten').to.equal(true);
    expect(limiter.take('other 9999', 0)).to.equal(false);
    expect(limiter.take('other 9999', 1000)).to.equal(true);
  });

  for (const [address, network] of [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::9', '2001:db8:1:2'],
    ['2001:0DB8:1::', '2001:db8:1:0'],
    ['::1', '0:0:0:0'],
  ] as const) {
    it(`count ${address} as ${network}`, () => {
      expect(networkOf(address)).to.equal(network);
    });
  }
});
