import { expect } from 'chai';
import * as oauth from 'oauth4webapi';
import { removeToken } from '../../src/record/tokens.ts';
import { webApp } from '../../src/web/app.ts';
import { bodyOf, Site } from './site.ts';

const grant = 'urn:ietf:params:oauth:grant-type:device_code';

describe('web: programs that a person signs in', () => {
  let site: Site;
  /** Cookie of a browser in which somebody signed in with the main token. */
  let cookie: string;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
    cookie = await site.signIn();
  });
  after(() => site.stop());

  const post = (path: string, fields: { [name: string]: string }) =>
    site.fetch(path, { method: 'POST', body: new URLSearchParams(fields) });
  const asked = async (more: { [name: string]: string } = {}) =>
    bodyOf(await post('/oauth/device', { client_id: 'volt', scope: 'run', machine: 'laptop', ...more }));
  const poll = async (device_code: string) =>
    bodyOf(await post('/oauth/token', { grant_type: grant, client_id: 'volt', device_code }));
  const page = (code: string, as = cookie) => site.page(`/device?code=${code}`, { cookie: as });
  const decide = (code: string, decision: string, headers: { [name: string]: string } = {}) =>
    site.ask('/device', {
      method: 'POST',
      body: new URLSearchParams({ code, decision }),
      headers: { cookie, origin: site.privateUrl, ...headers },
    });
  /** The database lets time pass. */
  const later = (seconds: number) =>
    site.context.database.write(async (db) => {
      const rows = await db.selectFrom('device_requests').selectAll().execute();
      for (const { device_hash, until, polled_at } of rows) {
        const moved = { until: until - seconds * 1000, polled_at: polled_at && polled_at - seconds * 1000 };
        await db.updateTable('device_requests').set(moved).where('device_hash', '=', device_hash).execute();
      }
    });

  it('get a token by the grant of RFC 8628, as any client of OAuth does', async () => {
    const server = {
      issuer: site.url,
      device_authorization_endpoint: `${site.url}/oauth/device`,
      token_endpoint: `${site.url}/oauth/token`,
    };
    const client = { client_id: 'an-editor' };
    const options = { [oauth.allowInsecureRequests]: true };
    const answer = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), { scope: 'read' }, options);
    const codes = await oauth.processDeviceAuthorizationResponse(server, client, answer);
    expect(codes.user_code).to.match(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(codes).to.include({ verification_uri: `${site.url}/device`, expires_in: 600, interval: 2 });
    const ask = async () => {
      const given = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), codes.device_code, options);
      return oauth.processDeviceCodeResponse(server, client, given);
    };
    const refusal = await ask().then(
      () => undefined,
      (error) => error,
    );
    expect(refusal).to.be.instanceOf(oauth.ResponseBodyError).and.include({ error: 'authorization_pending' });
    expect((await decide(codes.user_code, 'confirm')).status).to.equal(303);
    const { access_token, scope } = await ask();
    expect(scope).to.equal('read');
    const headers = { authorization: `Bearer ${access_token}` };
    expect((await site.fetch('/api/v1/account', { headers })).status).to.equal(200);
    // the code is used up
    expect((await ask().catch((error) => error)).error).to.equal('expired_token');
  });

  it('tell the person what asks, from where, and what it gets', async () => {
    const { user_code } = await asked({ client_id: '<b>volt</b>', machine: 'build-7' });
    for (const typed of [user_code, user_code.toLowerCase().replace('-', ' '), user_code.replace('-', '')]) {
      const text = await page(encodeURIComponent(typed));
      expect(text, typed)
        .to.include('&lt;b&gt;volt&lt;/b&gt;')
        .and.include('build-7')
        .and.include('127.0.0.1')
        .and.include('role <strong>run</strong>')
        .and.include('in all repositories, as nobody in particular');
    }
  });

  it('are refused, and learn it', async () => {
    const { user_code, device_code } = await asked();
    expect((await decide(user_code, 'refuse')).headers.get('location')).to.equal('/device?outcome=refused');
    expect(await poll(device_code)).to.include({ error: 'access_denied' });
    expect(await poll(device_code)).to.include({ error: 'expired_token' });
  });

  it('are confirmed by a person who is signed in, from a page of Volt, and by nobody else', async () => {
    const { user_code, device_code } = await asked();
    for (const headers of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }, { cookie: '' }])
      expect((await decide(user_code, 'confirm', headers)).status, JSON.stringify(headers)).to.equal(401);
    expect(await poll(device_code)).to.include({ error: 'authorization_pending' });
    const answer = await site.ask(`/device?code=${user_code}`, { headers: { accept: 'text/html' } });
    expect(answer.headers.get('location')).to.equal(`/sign-in?next=${encodeURIComponent(`/device?code=${user_code}`)}`);
  });

  it('wait longer after they asked too soon', async () => {
    const { device_code } = await asked();
    expect(await poll(device_code)).to.include({ error: 'authorization_pending' });
    expect(await poll(device_code)).to.include({ error: 'slow_down' });
    await later(6);
    expect(await poll(device_code)).to.include({ error: 'slow_down' });
    await later(13);
    expect(await poll(device_code)).to.include({ error: 'authorization_pending' });
  });

  it('get nothing after ten minutes', async () => {
    const { user_code, device_code } = await asked();
    await later(601);
    expect(await page(user_code)).to.include('no program waits with this code');
    expect(await poll(device_code)).to.include({ error: 'expired_token' });
  });

  it('keep their codes when the web stage starts again, and with another one', async () => {
    const { user_code, device_code } = await asked();
    const other = webApp(await site.web());
    const body = new URLSearchParams({ grant_type: grant, device_code });
    const env = { incoming: { socket: { remoteAddress: '127.0.0.1' } } };
    const answer = await other.request(
      'http://localhost/oauth/token',
      { method: 'POST', body, headers: { host: 'localhost' } },
      env,
    );
    expect(await bodyOf(answer)).to.include({ error: 'authorization_pending' });
    await decide(user_code, 'confirm');
    expect(await poll(device_code)).to.include({ token_type: 'Bearer' });
  });

  it('end with the token of the browser that confirmed, and have its role at most', async () => {
    const { token } = await bodyOf(await site.post('/api/v1/tokens', { name: 'lead', role: 'run', repos: ['app'] }));
    const own = await site.signIn(token);
    const { user_code, device_code } = await asked({ scope: 'admin' });
    expect(await page(user_code, own))
      .to.include('role <strong>run</strong>')
      .and.include('of the token lead');
    await decide(user_code, 'confirm', { cookie: own });
    const given = await poll(device_code);
    expect(given).to.include({ scope: 'run', name: 'lead-laptop' });
    const status = async () =>
      (await site.fetch('/api/v1/account', { headers: { authorization: `Bearer ${given.access_token}` } })).status;
    expect(await status()).to.equal(200);
    await removeToken(site.context.database, 'lead');
    expect(await status()).to.equal(401);
  });

  it('are found only by few codes, also by many at once', async () => {
    const { token } = await bodyOf(await site.post('/api/v1/tokens', { name: 'guesser' }));
    const own = await site.signIn(token);
    const headers = { accept: 'text/html', cookie: own };
    const codes = Array.from({ length: 22 }, (_, n) => `BBBBBB${'BCDFG'[n % 5]}${'BCDFG'[Math.floor(n / 5)]}`);
    const answers = await Promise.all(codes.map((code) => site.ask(`/device?code=${code}`, { headers })));
    expect(answers.filter(({ status }) => status === 429)).to.have.lengthOf(2);
  });

  it('cannot have names that mislead, or ask for what is no role', async () => {
    for (const more of [{ machine: 'a\u202eb' }, { machine: 'a\nb' }, { client_id: '' }, { scope: 'everything' }])
      expect(await asked(more as { [name: string]: string }), JSON.stringify(more)).to.include({
        error: 'invalid_request',
      });
    expect(await bodyOf(await post('/oauth/token', { grant_type: 'password' }))).to.include({
      error: 'unsupported_grant_type',
    });
  });
});
