import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { listActions } from '../../src/record/audit-search.ts';
import { appWebhookSecret, forgeWithToken, listForges, removeForge } from '../../src/record/forges.ts';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { volt } from '../support/cli.ts';
import { FakeForge } from '../support/fake-forge.ts';
import { FakeGithubApp } from '../support/fake-github-app.ts';
import { TestFolders } from '../support/folder.ts';
import { bodyOf, Site } from './site.ts';

/** Volt at an address, and a GitHub where it can be made an App. */
function withGithub(url?: string) {
  const all = {} as { site: Site; fake: FakeForge; app: FakeGithubApp };
  before(async () => {
    all.site = await Site.start(url === undefined ? {} : { url });
    await all.site.repository('app');
  });
  after(() => all.site.stop());
  beforeEach(async () => {
    all.fake = await FakeForge.start('github');
    all.app = new FakeGithubApp(all.fake);
    all.fake.app = all.app;
  });
  afterEach(async () => {
    const { database } = all.site.context;
    for (const { name } of await listForges(database)) await removeForge(database, name);
    await all.fake.stop();
  });
  return all;
}

describe('making a GitHub App', () => {
  const all = withGithub('https://ci.example.org');
  let cookie: string;
  before(async () => {
    cookie = await all.site.signIn();
  });

  const post = (path: string, form: { [name: string]: string }, headers: { [name: string]: string } = {}) => {
    const own = { origin: 'https://ci.example.org', accept: 'text/html', cookie };
    return all.site.ask(path, { method: 'POST', body: new URLSearchParams(form), headers: { ...own, ...headers } });
  };
  /** Begins, as far as to the page that leads to GitHub. */
  const begin = async (more: { [name: string]: string } = {}, headers: { [name: string]: string } = {}) => {
    const asked = { name: 'hub', github: all.fake.url, organization: '', app: 'Volt CI', ...more };
    const answer = await post('/forges/github-app', asked, headers);
    const text = await answer.text();
    const [, address = '', state = ''] = /action="([^"]*\?state=([^"&]+))"/.exec(text) ?? [];
    const [, manifest = '{}'] = /name="manifest" value="([^"]*)"/.exec(text) ?? [];
    return { answer, address, state, manifest: JSON.parse(manifest.replaceAll('&quot;', '"')) };
  };
  const finish = (state: string, code: string, headers: { [name: string]: string } = {}) =>
    post('/forges/github-app/add', { state, code }, headers);
  let codes = 0;
  const newCode = () => {
    const code = `code-${++codes}`;
    all.app.codes.set(code, 'the-webhook-secret');
    return code;
  };
  const forges = () => listForges(all.site.context.database);

  it('asks GitHub for an App that may do no more than Volt and its jobs need, whose webhook is for all repositories', async () => {
    const { manifest, address, state, answer } = await begin({ organization: 'acme' });
    expect(address).to.equal(`${all.fake.url}/organizations/acme/settings/apps/new?state=${state}`);
    expect(answer.headers.get('content-security-policy')).to.include(`form-action 'self' ${all.fake.url};`);
    expect(manifest).to.deep.include({
      ...{ name: 'Volt CI', url: 'https://ci.example.org', public: false },
      redirect_url: 'https://ci.example.org/forges/github-app/made',
      hook_attributes: { url: 'https://ci.example.org/hooks/forges/hub', active: true },
      default_permissions: {
        ...{ checks: 'write', statuses: 'write', contents: 'read', pull_requests: 'read', issues: 'read' },
        metadata: 'read',
      },
    });
    expect(manifest.default_events).to.include.members(['push', 'pull_request']);
    const writing = (await begin({ writes: 'yes' })).manifest.default_permissions;
    expect(writing).to.include({ checks: 'write', contents: 'write', pull_requests: 'write', metadata: 'read' });
    expect((await begin({ github: 'https://github.com' })).address).to.match(
      /^https:\/\/github\.com\/settings\/apps\/new/,
    );
  });

  it('keeps its key and its secret encrypted, and shows them nowhere', async () => {
    const { state } = await begin();
    const answer = await finish(state, newCode());
    const text = await answer.text();
    expect(text).to.include(`${all.app.page}/installations/new`);
    const { database, config } = all.site.context;
    const { app, api } = await forgeWithToken(database, config, 'hub');
    expect({ app, api }).to.deep.equal({ app: all.app.id, api: all.fake.api });
    expect(await appWebhookSecret(database, config, 'hub')).to.equal('the-webhook-secret');
    const secrets = [...all.app.key.split('\n').slice(1, 3), 'the-webhook-secret', 'the-client-secret'];
    const shown = [text, await all.site.page('/forges', { cookie }), JSON.stringify(await forges())];
    const { headers } = { headers: { authorization: `Bearer ${all.site.token}` } };
    shown.push(await (await all.site.fetch('/api/v1/forges', { headers })).text());
    shown.push(await (await all.site.fetch('/api/v1/audit', { headers })).text());
    const folders = new TestFolders();
    const backup = join(folders.make(), 'volt.tar.gz');
    expect((await volt(['backup', backup, '--data', config.dataDir])).code).to.equal(0);
    shown.push(gunzipSync(readFileSync(backup)).toString('latin1'));
    folders.remove();
    const files = readdirSync(config.dataDir, { recursive: true, withFileTypes: true });
    for (const file of files)
      if (file.isFile()) shown.push(readFileSync(join(file.parentPath, file.name)).toString('latin1'));
    for (const one of shown) for (const secret of secrets) expect(one.includes(secret)).to.equal(false);
    const actions = await listActions(database, { limit: 10 });
    expect(actions.find(({ action }) => action === 'forges.add')).to.include({ actor: 'owner', target: 'hub' });
  });

  it('is refused with a state that is missing, forged or of somebody else, and with one that was used', async () => {
    const code = newCode();
    for (const state of ['', 'f'.repeat(64), '../../x', 'x'.repeat(5000)]) {
      expect((await finish(state, code)).status, state.slice(0, 9)).to.equal(400);
    }
    const other = await bodyOf(await all.site.post('/api/v1/tokens', { name: 'other', role: 'admin' }));
    const { state } = await begin({}, { cookie: await all.site.signIn(other.token) });
    expect((await finish(state, code)).status).to.equal(400);
    expect(await forges()).to.deep.equal([]);
    const mine = await begin();
    expect((await finish(mine.state, code)).status).to.equal(200);
    expect((await finish(mine.state, newCode())).status).to.equal(400);
    expect(await forges()).to.have.length(1);
  });

  it('is refused with a code that GitHub does not know, or has answered before', async () => {
    const code = newCode();
    await finish((await begin()).state, code);
    const again = await finish((await begin({ name: 'again' })).state, code);
    expect(again.status).to.equal(502);
    expect(await again.text()).to.include('does not know the code');
    for (const wrong of ['', '../../app', 'a/b', 'x'.repeat(300)]) {
      expect((await finish((await begin({ name: 'again' })).state, wrong)).status, wrong.slice(0, 9)).to.equal(400);
    }
    expect(await forges()).to.have.length(1);
  });

  it('is not begun under a name that is taken, or at an address that is none: the form says so beside the field', async () => {
    await finish((await begin()).state, newCode());
    const asked = { name: 'other', github: all.fake.url, organization: '', app: 'Volt CI', writes: 'yes' };
    for (const [wrong, field] of [
      [{ name: 'hub' }, 'name'],
      [{ github: 'nowhere' }, 'github'],
      [{ organization: '../x' }, 'organization'],
      [{ app: 'x'.repeat(35) }, 'app'],
    ] as const) {
      const page = await (await post('/forges/github-app', { ...asked, ...wrong })).text();
      expect(page, field).to.include(`id="field-${field}-problem"`).and.include('value="yes" checked');
    }
  });

  it('can be tried again where GitHub did not answer', async () => {
    const { state } = await begin();
    const code = newCode();
    all.fake.fault = () => ({ status: 503 });
    expect((await finish(state, code)).status).to.equal(502);
    all.fake.fault = () => undefined;
    expect((await finish(state, code)).status).to.equal(200);
  });

  it('is for administrators on a page of their own, who may not be led to it from elsewhere', async () => {
    const { token } = await bodyOf(await all.site.post('/api/v1/tokens', { name: 'writer', role: 'approve' }));
    const writer = { cookie: await all.site.signIn(token) };
    const { state } = await begin();
    for (const headers of [writer, { cookie: '' }, { origin: 'https://evil.example' }]) {
      const expected = headers === writer ? 403 : 401;
      expect((await begin({}, headers)).answer.status).to.equal(expected);
      expect((await finish(state, newCode(), headers)).status).to.equal(expected);
      expect((await post('/forges/hub/check', {}, headers)).status).to.equal(expected);
    }
    expect((await all.site.ask('/forges', { headers: { ...writer, accept: 'text/html' } })).status).to.equal(403);
    expect((await finish(state, newCode())).status).to.equal(200);
  });

  it('sends the browser and the code to no other place than was asked for', async () => {
    const bad = [
      'javascript:alert(1)',
      'https://user:password@github.com',
      '//evil.example',
      'https://evil.example/?a=b',
    ];
    for (const github of bad) expect((await begin({ github })).answer.status, github).to.equal(400);
    for (const organization of ['a/b', '..', 'a?b', '"><script>'])
      expect((await begin({ organization })).answer.status, organization).to.equal(400);
    const other = await FakeForge.start('github');
    const { state } = await begin();
    all.fake.fault = () => ({ status: 307, headers: { location: `${other.api}/app-manifests/x/conversions` } });
    expect((await finish(state, newCode())).status).to.equal(502);
    expect(other.requests).to.deep.equal([]);
    await other.stop();
    const page = await all.site.page('/forges/github-app/made?code=%22%3E%3Cscript%3E&state=%22%3E%3Cscript%3E');
    expect(page).to.not.include('"><script>');
  });

  it('is not believed where a proxy answers in its name', async () => {
    const made = { id: 5, html_url: 'https://evil.example/apps/x', pem: all.app.key, webhook_secret: 'x' };
    for (const body of [
      made,
      { ...made, html_url: 'javascript:1' },
      { ...made, pem: 'x', html_url: all.app.page },
      {},
    ]) {
      const { state } = await begin();
      all.fake.fault = () => ({ status: 201, body });
      const answer = await finish(state, newCode());
      expect(answer.status).to.be.oneOf([400, 502]);
      expect(await answer.text()).to.not.include('PRIVATE KEY');
    }
    expect(await forges()).to.deep.equal([]);
  });
});

describe(`making a GitHub App in a browser${withoutBrowser}`, () => {
  const all = withGithub();
  let browser: Browser;
  before(async function () {
    const started = await startBrowser();
    if (!started) return this.skip();
    browser = started;
  });
  after(() => browser?.close());

  it('takes a sign-in and a few buttons, and then checks are sent', async () => {
    const { site, fake, app } = all;
    const page = await (await browser.newContext({ baseURL: site.privateUrl })).newPage();
    await page.goto('/sign-in?next=/forges');
    await page.getByLabel('Access token').fill(site.token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('Name in Volt').fill('hub');
    await page.getByLabel('Address of GitHub').fill(fake.url);
    await page.getByRole('button', { name: 'Make a GitHub App' }).click();
    await page.getByRole('button', { name: 'Continue at' }).click();
    await page.getByRole('button', { name: 'Create GitHub App' }).click();
    await page.getByRole('button', { name: 'Add it to Volt' }).click();
    // this Volt cannot be reached from elsewhere
    expect(app.manifest).to.not.have.any.keys('hook_attributes', 'default_events', 'setup_url');
    expect(app.manifest.url).to.not.include('.localhost');
    expect(await page.getByRole('link', { name: 'Install it' }).getAttribute('href')).to.equal(
      `${app.page}/installations/new`,
    );
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('checked').waitFor();
    const [forge] = await listForges(site.context.database);
    expect(forge)
      .to.include({ name: 'hub' })
      .and.deep.include({ app: { id: app.id, page: app.page } });
    expect(forge?.checkedAt).to.be.a('string');
    await page.context().close();
  });
});
