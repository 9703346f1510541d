import { expect } from 'chai';
import type { JWTPayload } from 'jose';
import { groupsOf } from '../../src/record/identities.ts';
import { setBlocked } from '../../src/record/people.ts';
import { addProvider, removeProvider } from '../../src/record/providers.ts';
import { listSessions } from '../../src/record/sessions.ts';
import { startWeb, type WebStage } from '../../src/web/start.ts';
import { CookieBrowser } from '../support/cookie-browser.ts';
import { OpenIdProvider } from '../support/openid-provider.ts';
import { freePort, type TestRedis } from '../support/redis.ts';
import { fetchAs, Site } from './site.ts';

const minutes = 60_000;

describe('web: signing in at a provider', () => {
  let site: Site;
  let corp: OpenIdProvider;

  before(async () => {
    site = await Site.start();
    corp = await OpenIdProvider.start(
      () => [
        { id: 'volt', secret: 'the secret', redirectUri: `${site.privateUrl}/sign-in/with/corp/callback` },
        { id: 'other', secret: 'another secret', redirectUri: `${site.privateUrl}/sign-in/with/corp/callback` },
        { id: 'changed', secret: 'a new secret', redirectUri: `${site.privateUrl}/sign-in/with/changed/callback` },
      ],
      {
        ada: {
          name: 'Ada Lovelace',
          email: 'ada@example.org',
          email_verified: true,
          groups: ['/dev', 'ops', 7 as never],
        },
        eve: { name: '<b>Eve</b>\u202e', email: 'ada@example.org', email_verified: false, groups: [] },
        blocked: { name: 'Bob' },
        'ada\0': { name: 'Mallory' },
      },
    );
    await add('corp', corp.url);
  });

  after(async () => {
    await corp.stop();
    await site.stop();
  });

  afterEach(() => {
    Object.assign(corp, { account: 'ada', clock: 0, lie: undefined, answerWith: {}, description: {}, isSilent: false });
  });

  const add = (name: string, url: string, client = { clientId: 'volt', clientSecret: 'the secret' }) =>
    addProvider(site.context.database, site.context.config, {
      ...{ name, kind: 'oidc', url, ...client, createdBy: 'owner', scopes: ['groups'], title: `${name} account` },
    });
  /** A browser that knows the web stage by its private name, and other servers by their addresses. */
  const browser = (stage: Pick<WebStage, 'url'> = site) =>
    new CookieBrowser((url, init) =>
      url.host === new URL(site.privateUrl).host
        ? fetchAs(url.host, stage.url + url.pathname + url.search, init)
        : fetch(url, { ...init, redirect: 'manual' }),
    );
  const begin = (next = '/builds') => `${site.privateUrl}/sign-in/with/corp?next=${encodeURIComponent(next)}`;
  const isCallback = (url: URL) => url.pathname.endsWith('/callback');
  /** Goes to the provider and back, up to the address that the provider sends the browser back to. */
  const callbackOf = async (by: CookieBrowser, from = begin()) => {
    const answer = await by.open(from, isCallback);
    return new URL(answer.headers.get('location') ?? '', begin());
  };
  const isSignedIn = async (by: CookieBrowser) =>
    (await (await by.open(`${site.privateUrl}/builds`)).text()).includes('Sign out');
  /** Tells Volt that somebody has signed out at the provider. @returns the status */
  const tell = async (token: string) => {
    const body = new URLSearchParams({ logout_token: token });
    return (await site.fetch('/sign-in/with/corp/logout', { method: 'POST', body })).status;
  };
  /** Expects that the page says that signing in failed, and has the other ways in. */
  const expectRefused = async (by: CookieBrowser, answer: Response, code: string, what = '') => {
    const page = await answer.text();
    expect(page, what).to.include(`<code>${code}</code>`).and.include('Access token');
    expect(answer.status).to.be.at.least(400);
    expect(await isSignedIn(by)).to.equal(false);
    return page;
  };
  const personNamed = async (name: string) =>
    site.context.database.db.selectFrom('people').selectAll().where('name', '=', name).executeTakeFirst();

  it('makes a person with groups and a verified address, and opens the page that was asked for', async () => {
    const page = await (await browser().open(`${site.privateUrl}/sign-in?next=/builds`)).text();
    expect(page).to.include('href="/sign-in/with/corp?next=%2Fbuilds"').and.include('Sign in with corp account');
    const by = browser();
    const answer = await by.open(begin('/builds?status=failure'));
    expect(answer.status).to.equal(200);
    expect(answer.headers.get('refresh')).to.equal('0; url=/builds?status=failure');
    expect(await answer.text()).to.include('Welcome, Ada Lovelace');
    expect(await isSignedIn(by)).to.equal(true);
    const ada = await personNamed('ada');
    expect(ada?.display_name).to.equal('Ada Lovelace');
    expect(await groupsOf(site.context.database, ada?.id ?? 0)).to.deep.equal(['corp/dev', 'corp/ops']);
    const addresses = await site.context.database.db.selectFrom('person_addresses').selectAll().execute();
    expect(addresses).to.deep.equal([{ address: 'ada@example.org', person_id: ada?.id, source: corp.url }]);
    const [session] = await listSessions(site.context.database, { person: ada?.id ?? 0 });
    expect(session).to.include({ provider: 'corp', origin: site.privateUrl, token: null });
  });

  it('ends when the provider tells that the person has signed out there, by a token that is for Volt and counts once', async () => {
    const by = browser();
    await by.open(begin());
    const now = Math.floor(Date.now() / 1000);
    for (const [what, lie] of [
      ['another client', { aud: 'other' }],
      ['another issuer', { iss: 'https://id.example' }],
      ['an ID token', { events: undefined, nonce: 'n' }],
      ['a nonce', { nonce: 'n' }],
      ['nobody', { sub: undefined }],
      ['an old one', { iat: now - 3600, exp: now - 3000 }],
      ['one without an id', { jti: undefined }],
      ['a number', { sub: 7 as never }],
    ] as [string, JWTPayload][])
      expect(await tell(await corp.logoutToken('ada', 'volt', lie)), what).to.equal(401);
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`;
    for (const token of [unsigned, 'x', '']) expect(await tell(token), token).to.equal(401);
    corp.description = { jwks_uri: `${corp.url}/.well-known/openid-configuration` };
    expect(await tell(await corp.logoutToken('ada', 'volt')), 'no keys').to.equal(401);
    corp.description = {};
    expect(await tell(await corp.logoutToken('eve', 'volt'))).to.equal(200);
    expect(await isSignedIn(by)).to.equal(true);
    const token = await corp.logoutToken('ada', 'volt');
    expect(await tell(token)).to.equal(200);
    expect(await isSignedIn(by)).to.equal(false);
    await by.open(begin());
    expect(await tell(token)).to.equal(401);
    expect(await isSignedIn(by)).to.equal(true);
  });

  it('gives no rights by itself, and is in the audit log by the name of the person', async () => {
    const by = browser();
    await by.open(begin());
    const headers = { cookie: by.cookiesOf(site.privateUrl), origin: site.privateUrl };
    const answer = await site.ask('/api/v1/tokens', { method: 'POST', headers, body: '{"name":"mine"}' });
    expect(answer.status).to.equal(403);
    const { entries } = await site.json('/api/v1/audit?action=sign-in', {
      headers: { authorization: `Bearer ${site.token}` },
    });
    expect(entries[0]).to.include({ actor: 'ada', outcome: 'done' });
  });

  it('knows people by issuer and subject, shows their names as text, and takes no unverified address', async () => {
    corp.account = 'eve';
    const answer = await browser().open(begin());
    expect(await answer.text()).to.include('Welcome, &lt;b&gt;Eve&lt;/b&gt;.');
    expect((await personNamed('eve'))?.display_name).to.equal('<b>Eve</b>');
    expect(await site.context.database.db.selectFrom('person_addresses').selectAll().execute()).to.have.lengthOf(1);
  });

  it('is that of the same person where the provider writes its issuer with a slash at its end', async () => {
    const people = () => site.context.database.db.selectFrom('people').select('name').execute();
    await browser().open(begin());
    const before = await people();
    corp.description = { issuer: `${corp.url}/` };
    corp.lie = (claims) => ({ ...claims, iss: `${corp.url}/` });
    corp.answerWith = { iss: `${corp.url}/` };
    const by = browser();
    expect(await (await by.open(begin())).text()).to.include('Welcome, Ada Lovelace');
    expect(await people()).to.deep.equal(before);
    expect(await tell(await corp.logoutToken('ada', 'volt', { iss: `${corp.url}/` }))).to.equal(200);
    expect(await isSignedIn(by)).to.equal(false);
  });

  it('is undone by signing out, also for a copy of the cookie', async () => {
    const by = browser();
    await by.open(begin());
    const cookie = by.cookiesOf(site.privateUrl);
    await site.ask('/sign-out', { method: 'POST', headers: { cookie, origin: site.privateUrl } });
    expect(await isSignedIn(by)).to.equal(false);
  });

  describe('when it is undone by signing out', () => {
    const signOut = (by: CookieBrowser) =>
      site.ask('/sign-out', {
        method: 'POST',
        headers: { cookie: by.cookiesOf(site.privateUrl), origin: site.privateUrl },
      });
    /** Signs in and out. @returns where the browser is then, and what it shows */
    const signedOut = async () => {
      const by = browser();
      await by.open(begin());
      const answer = await signOut(by);
      expect(await isSignedIn(by)).to.equal(false);
      const page = await by.open(new URL(answer.headers.get('location') ?? '', site.privateUrl));
      return { by, path: by.visited.at(-1)?.pathname, text: await page.text() };
    };

    it('leads to a page that offers to sign out at the provider, with nothing but the client id', async () => {
      const { by, path, text } = await signedOut();
      expect(path).to.equal('/sign-in/with/corp/signed-out');
      expect(text).to.include('You are signed out').and.include(`href="${corp.url}/session/end?client_id=volt"`);
      await by.open(begin());
      await by.open(`${site.privateUrl}/sign-in/with/corp/signed-out`);
      expect(by.visited.at(-1)?.pathname, 'whoever is signed in').to.equal('/');
    });

    it('leads to the start page where the provider has no such address, or none that a browser may open', async () => {
      for (const address of [undefined, 'javascript:alert(1)', 7]) {
        corp.description = { end_session_endpoint: address };
        expect((await signedOut()).path, String(address)).to.equal('/');
      }
      expect((await browser().open(`${site.privateUrl}/sign-in/with/nobody/signed-out`)).status).to.equal(200);
    });

    it('is over at once, also while the provider does not answer', async () => {
      const by = browser();
      await by.open(begin());
      corp.isSilent = true;
      const answer = await signOut(by);
      expect(await isSignedIn(by)).to.equal(false);
      await by.open(new URL(answer.headers.get('location') ?? '', site.privateUrl));
      expect(by.visited.at(-1)?.pathname).to.equal('/');
    });
  });

  for (const [what, away] of [
    ['killed', (server: TestRedis) => server.kill()],
    ['frozen', async (server: TestRedis) => server.freeze()],
  ] as const) {
    it(`is finished, and undone at the provider, while Redis is ${what}`, async () => {
      const by = browser();
      const callback = await callbackOf(by);
      await away(site.redis);
      try {
        expect((await by.open(callback)).status).to.equal(200);
        expect(await isSignedIn(by)).to.equal(true);
        await expectRefused(browser(), await browser().open(callback), 'sign_in_expired');
        expect(await tell(await corp.logoutToken('ada', 'volt'))).to.equal(200);
        expect(await isSignedIn(by)).to.equal(false);
      } finally {
        await site.redis.kill();
        await site.redis.start();
      }
      expect((await browser().open(begin())).status).to.equal(200);
    });
  }

  it('begins at one web stage and ends at another, or after a restart', async () => {
    const by = browser();
    const callback = await callbackOf(by);
    const second = await startWeb(site.context, { host: '127.0.0.1', port: 0 });
    try {
      const jar = by.cookiesOf(site.privateUrl);
      const headers = { accept: 'text/html', cookie: jar };
      const answer = await fetchAs(callback.host, second.url + callback.pathname + callback.search, { headers });
      expect(answer.status).to.equal(200);
      const again = await by.open(callback);
      await expectRefused(by, again, 'sign_in_expired');
    } finally {
      await second.stop();
    }
  });

  for (const [what, clock] of [
    ['ahead', 2 * minutes],
    ['behind', -2 * minutes],
  ] as const) {
    it(`works while the clock of the provider is two minutes ${what}`, async () => {
      corp.clock = clock;
      const by = browser();
      expect((await by.open(begin())).status).to.equal(200);
    });
  }

  it('is refused while the clock of the provider is ten minutes behind, and the page says so', async () => {
    corp.clock = -10 * minutes;
    const by = browser();
    const page = await expectRefused(by, await by.open(begin()), 'provider_refused');
    expect(page).to.include('not valid now').and.include('3 minutes');
  });

  it('works right after the provider has changed its keys', async () => {
    expect((await browser().open(begin())).status).to.equal(200);
    await corp.rotateKeys();
    expect((await browser().open(begin())).status).to.equal(200);
  });

  describe('is refused', () => {
    it('with an ID token for another audience, of another issuer, of another sign-in, or signed by nobody known', async () => {
      for (const lie of [
        { aud: 'other' },
        { aud: ['volt', 'other'], azp: 'other' },
        { iss: 'https://id.example' },
        { nonce: 'that of another sign-in' },
        { nonce: undefined },
        { exp: 1 },
        { sub: '' },
      ]) {
        corp.lie = (claims) => ({ ...claims, ...lie });
        const by = browser();
        await expectRefused(by, await by.open(begin()), 'provider_refused', JSON.stringify(lie));
      }
      const by = browser();
      const callback = await callbackOf(by);
      corp.lie = (claims) => claims;
      await corp.hideKey();
      await expectRefused(by, await by.open(callback), 'provider_refused');
      await corp.rotateKeys();
    });

    it('with a code that was used before, also in a sign-in of its own', async () => {
      const by = browser();
      const callback = await callbackOf(by);
      const { searchParams } = callback;
      expect((await by.open(callback)).status).to.equal(200);
      const other = browser();
      const replayed = await callbackOf(other);
      replayed.searchParams.set('code', searchParams.get('code') ?? '');
      await expectRefused(other, await other.open(replayed), 'sign_in_expired');
    });

    it('with a code that was stolen: another browser, and another sign-in, cannot use it', async () => {
      const callback = await callbackOf(browser());
      const thief = browser();
      await expectRefused(thief, await thief.open(callback), 'sign_in_expired');
      const own = await callbackOf(thief);
      own.searchParams.set('code', callback.searchParams.get('code') ?? '');
      await expectRefused(thief, await thief.open(own), 'sign_in_expired');
    });

    it('where somebody has made the browser open the answer to their own sign-in', async () => {
      corp.account = 'eve';
      const attacker = browser();
      const callback = await callbackOf(attacker);
      const victim = browser();
      await expectRefused(victim, await victim.open(callback), 'sign_in_expired');
      expect((await attacker.open(callback)).status).to.equal(200);
    });

    it('with a changed state or none, a changed cookie, and the answer of another provider', async () => {
      await add('twin', corp.url);
      const changes: ((url: URL) => unknown)[] = [
        (url) => url.searchParams.set('state', 'f'.repeat(64)),
        (url) => url.searchParams.delete('state'),
        (url) => url.searchParams.append('state', 'f'.repeat(64)),
        (url) => url.searchParams.set('state', `${url.searchParams.get('state')?.slice(0, 12)}${'0'.repeat(52)}`),
        (url) => (url.pathname = '/sign-in/with/twin/callback'),
      ];
      for (const change of changes) {
        const by = browser();
        const callback = await callbackOf(by);
        change(callback);
        const answer = await by.open(callback);
        expect(await answer.text(), callback.href).to.match(/<code>(sign_in_expired|provider_refused)<\/code>/);
        expect(await isSignedIn(by)).to.equal(false);
      }
      const by = browser();
      const callback = await callbackOf(by);
      const cookie = by.cookiesOf(site.privateUrl).replace(/\.\d+\./, '.9999999999999.');
      const headers = { accept: 'text/html', cookie };
      const answer = await fetchAs(callback.host, site.url + callback.pathname + callback.search, { headers });
      expect(await answer.text()).to.include('sign_in_expired');
    });

    it('with the issuer parameter of another issuer', async () => {
      corp.answerWith = { iss: 'https://id.example' };
      const by = browser();
      const page = await expectRefused(by, await by.open(begin()), 'provider_refused');
      expect(page).to.include('iss');
    });

    it('with a subject of which the database would keep another one: what is before a zero byte', async () => {
      corp.account = 'ada\0';
      const by = browser();
      await expectRefused(by, await by.open(begin()), 'provider_refused');
    });

    it('while the provider describes itself in a way that nobody can use, without an error of Volt', async () => {
      for (const description of [
        { authorization_endpoint: 'javascript:alert(1)' },
        { authorization_endpoint: 7 },
        { token_endpoint: undefined },
        { token_endpoint_auth_methods_supported: 7 },
        { jwks_uri: 'file:///etc/passwd' },
      ]) {
        corp.description = description;
        const by = browser();
        await expectRefused(by, await by.open(begin()), 'provider_refused', JSON.stringify(description));
      }
    });

    it('while the client secret is wrong, and the page says so', async () => {
      await add('changed', corp.url, { clientId: 'changed', clientSecret: 'the old secret' });
      const by = browser();
      const callback = await callbackOf(by, begin().replace('/corp', '/changed'));
      const page = await expectRefused(by, await by.open(callback), 'provider_refused');
      expect(page).to.include('client id and secret');
    });

    it('for a person who is blocked, whose sessions have ended', async () => {
      corp.account = 'blocked';
      const by = browser();
      expect((await by.open(begin())).status).to.equal(200);
      await setBlocked(site.context.database, 'blocked', true);
      expect(await isSignedIn(by)).to.equal(false);
      await expectRefused(by, await by.open(begin()), 'sign_in_refused');
    });

    it('where the person does not allow it, with what the provider says as text', async () => {
      const by = browser();
      const callback = await callbackOf(by);
      const { searchParams } = callback;
      searchParams.delete('code');
      searchParams.set('error', 'access_denied');
      await expectRefused(by, await by.open(callback), 'sign_in_refused');
      const other = browser();
      const next = await callbackOf(other);
      next.searchParams.delete('code');
      next.searchParams.set('error', 'server_error');
      next.searchParams.set('error_description', `<script>alert(1)</script>\u202e${'x'.repeat(5000)}`);
      const page = await expectRefused(other, await other.open(next), 'provider_refused');
      expect(page).to.include('&lt;script&gt;').and.not.include('<script>alert').and.not.include('x'.repeat(201));
    });

    it('with words of nobody in particular, where no sign-in has begun', async () => {
      const link = `${site.privateUrl}/sign-in/with/corp/callback?error=x&error_description=Call%20555&state=${'0'.repeat(64)}`;
      const by = browser();
      expect(await expectRefused(by, await by.open(link), 'sign_in_expired')).to.not.include('555');
    });
  });

  it('leads to no other site afterwards', async () => {
    for (const next of [
      '//evil.example/',
      'https://evil.example/',
      '/\\evil.example',
      'javascript:1',
      `/${'x'.repeat(2000)}`,
    ]) {
      const answer = await browser().open(begin(next));
      expect(answer.headers.get('refresh'), next).to.equal('0; url=/');
    }
  });

  it('sends nobody to a provider from a name at which nobody signs in, and only to the registered address', async () => {
    const { port } = new URL(site.url);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
      const answer = await fetchAs(host, `${site.url}/sign-in/with/corp`, { headers: { accept: 'text/html' } });
      expect([answer.status, answer.headers.get('location')], host).to.deep.equal([200, null]);
    }
    const foreign = await fetchAs('evil.example', `${site.url}/sign-in/with/corp`);
    expect([foreign.status, foreign.headers.get('location')]).to.deep.equal([403, null]);
    const by = browser();
    await by.open(begin(), isCallback);
    const asked = by.visited.find(({ pathname }) => pathname === '/auth')?.searchParams;
    expect(asked?.get('redirect_uri')).to.equal(`${site.privateUrl}/sign-in/with/corp/callback`);
    expect(asked?.get('code_challenge_method')).to.equal('S256');
  });

  it('leaves the token as the way in while the provider is away, and says so', async () => {
    await add('away', `http://127.0.0.1:${await freePort()}`);
    const by = browser();
    const answer = await by.open(`${site.privateUrl}/sign-in/with/away?next=/builds`);
    const page = await expectRefused(by, answer, 'provider_unreachable');
    expect(page).to.include('does not answer').and.include('name="next" value="/builds"');
    expect(page).to.include('ECONNREFUSED');
    const unknown = await by.open(`${site.privateUrl}/sign-in/with/nobody`);
    expect(await unknown.text()).to.include('there is no provider');
    expect(await site.signIn()).to.match(/^volt_session_/);
  });

  describe('at a provider that is removed', () => {
    it('ends for everybody who has signed in there, and its groups count no more', async () => {
      const by = browser();
      await by.open(begin().replace('/corp', '/twin'), isCallback);
      const ada = await personNamed('ada');
      const other = browser();
      await other.open(begin());
      expect(await isSignedIn(other)).to.equal(true);
      await removeProvider(site.context.database, 'corp');
      expect(await isSignedIn(other)).to.equal(false);
      expect(await groupsOf(site.context.database, ada?.id ?? 0)).to.deep.equal([]);
    });
  });
});
