import { expect } from 'chai';
import { groupsOf } from '../../src/record/identities.ts';
import { addProvider } from '../../src/record/providers.ts';
import { CookieBrowser } from '../support/cookie-browser.ts';
import { type ForgeAccount, OAuthForge } from '../support/oauth-forge.ts';
import { fetchAs, Site } from './site.ts';

const ada: ForgeAccount = {
  ...{ id: 583231, login: 'Ada', name: 'Ada Lovelace' },
  emails: [
    { email: 'ada@example.org', primary: true, verified: true },
    { email: '583231+ada@users.noreply.example.org', primary: false, verified: true },
    { email: 'boss@example.org', primary: false, verified: false },
  ],
  orgs: ['acme', 'math'],
  teams: [['acme', 'core']],
};

describe('web: signing in at a forge', () => {
  let site: Site;
  const forges: OAuthForge[] = [];

  before(async () => {
    site = await Site.start();
    for (const kind of ['github', 'gitea'] as const) {
      const forge = await OAuthForge.start(kind, ada);
      forges.push(forge);
      const about = { name: kind, kind, url: forge.url, ...forge.client, createdBy: 'owner' };
      await addProvider(site.context.database, site.context.config, about);
    }
  });

  after(async () => {
    for (const forge of forges) await forge.stop();
    await site.stop();
  });

  afterEach(() => {
    for (const forge of forges) Object.assign(forge, { account: ada, pageSize: 100 });
  });

  const browser = () =>
    new CookieBrowser((url, init) =>
      url.host === new URL(site.privateUrl).host
        ? fetchAs(url.host, site.url + url.pathname + url.search, init)
        : fetch(url, { ...init, redirect: 'manual' }),
    );
  const signIn = (name: string, by = browser()) => by.open(`${site.privateUrl}/sign-in/with/${name}?next=/builds`);
  const identities = () =>
    site.context.database.db.selectFrom('identities').selectAll().orderBy('signed_in_at').execute();
  const personAt = async (forge: OAuthForge) => {
    const found = (await identities()).filter(({ issuer }) => issuer === forge.url);
    expect(found).to.have.lengthOf(1);
    return found[0];
  };

  for (const kind of ['github', 'gitea'] as const) {
    describe(`such as ${kind}`, () => {
      let forge: OAuthForge;
      before(() => {
        forge = forges.find((one) => one.kind === kind) as OAuthForge;
      });

      it('knows people by the number of the account, with organizations, teams and verified addresses', async () => {
        const answer = await signIn(kind);
        expect(await answer.text()).to.include('Welcome, Ada Lovelace');
        const identity = await personAt(forge);
        expect(identity).to.include({ subject: '583231', login: 'Ada', provider: kind });
        const groups = await groupsOf(site.context.database, identity?.person_id ?? 0);
        expect(groups).to.deep.equal([`${kind}/acme`, `${kind}/math`, `${kind}/acme/core`]);
        expect(forge.asked).to.include('read:user');
        forge.account = { ...ada, login: 'countess', orgs: [], teams: [] };
        await signIn(kind);
        expect((await personAt(forge))?.person_id).to.equal(identity?.person_id);
        expect(await groupsOf(site.context.database, identity?.person_id ?? 0)).to.deep.equal([]);
      });

      it('gives somebody else with a former name no rights of the former one', async () => {
        forge.account = { ...ada, id: 99, emails: [{ email: 'ada@example.org', primary: true, verified: true }] };
        await signIn(kind);
        const persons = (await identities()).filter(({ issuer }) => issuer === forge.url).map((one) => one.person_id);
        expect(new Set(persons).size).to.equal(2);
        await site.context.database.db.deleteFrom('identities').where('subject', '=', '99').execute();
      });

      it('reads all pages of teams, and bounds how many groups somebody has', async () => {
        forge.pageSize = 2;
        forge.account = {
          ...ada,
          orgs: ['a', 'b', 'c', 'd', 'e'],
          teams: [
            ['a', 'x'.repeat(500)],
            ['a', 'b\u0000c'],
          ],
        };
        await signIn(kind);
        const { person_id = 0 } = (await personAt(forge)) ?? {};
        expect(await groupsOf(site.context.database, person_id)).to.deep.equal(
          ['a', 'b', 'c', 'd', 'e'].map((name) => `${kind}/${name}`),
        );
        forge.pageSize = 5000;
        const orgs = Array.from({ length: 1001 }, (_, index) => `org-${index}`);
        forge.account = { ...ada, orgs: orgs.slice(1), teams: [] };
        await signIn(kind);
        expect(await groupsOf(site.context.database, person_id)).to.have.lengthOf(1000);
        forge.account = { ...ada, orgs, teams: [] };
        expect(await (await signIn(kind)).text()).to.include(`${kind} tells 1001 groups, more than 1000`);
      });

      it('is checked with a code that it has not given, and says what it does not accept', async () => {
        const check = () => site.post(`/api/v1/providers/${kind}/check`);
        const good = await check();
        expect(good.status).to.equal(200);
        expect(await good.json()).to.deep.equal({
          ...{ name: kind, redirectUri: `${site.privateUrl}/sign-in/with/${kind}/callback`, hints: [] },
        });
        Object.assign(forge.client, { clientSecret: 'changed there' });
        const { error } = (await (await check()).json()) as {
          error: { code: string; message: string; remedy: string };
        };
        expect(error.code).to.equal('provider_refused');
        if (kind === 'gitea') expect(error.message).to.include('invalid client secret');
        expect(error.remedy).to.include(`volt provider set ${kind}`);
        const page = await (await signIn(kind)).text();
        expect(page).to.include('<code>provider_refused</code>').and.not.include('the secret');
        Object.assign(forge.client, { clientSecret: 'the secret' });
      });

      it('refuses a code that was used before', async () => {
        const by = browser();
        const answer = await by.open(`${site.privateUrl}/sign-in/with/${kind}`, (url) =>
          url.pathname.endsWith('/callback'),
        );
        const callback = new URL(answer.headers.get('location') ?? '');
        expect((await by.open(callback)).status).to.equal(200);
        expect(await (await by.open(callback)).text()).to.include('<code>sign_in_expired</code>');
      });
    });
  }

  it('that is something else is told when it is checked', async () => {
    const about = { kind: 'gitea' as const, clientId: 'volt', createdBy: 'owner', url: site.url };
    await addProvider(site.context.database, site.context.config, { name: 'odd', ...about });
    const { error } = (await (await site.post('/api/v1/providers/odd/check')).json()) as {
      error: { code: string; message: string };
    };
    expect(error).to.include({ code: 'provider_refused' });
    expect(error.message).to.include('does not answer as gitea does');
  });
});
