import { dirname } from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { listActions } from '../../src/record/audit-search.ts';
import { findCredential } from '../../src/record/credentials.ts';
import { findRepository } from '../../src/record/repositories.ts';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { volt } from '../support/cli.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { hasSshd } from '../support/git-over-ssh.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { ActingSite } from './acting-site.ts';
import { bodyOf, type Site } from './site.ts';

describe('web: a repository that a person adds', () => {
  let acting: ActingSite;
  let site: Site;
  let cookie: string;
  let server: GitOverHttp;
  const repository = new TestRepository({ 'test.sh': 'true\n' }, { name: 'app' });

  before(async () => {
    acting = await ActingSite.start();
    site = acting.site;
    cookie = await site.signIn();
    server = await GitOverHttp.start(dirname(repository.path), 'git', 'right');
  });
  after(async () => {
    await acting.stop();
    await server.stop();
    repository.remove();
  });

  const submit = (path: string, fields: Record<string, string>) => acting.submit(path, fields, cookie);
  /** The page about it, when it says whether Volt can fetch it. */
  async function added(name: string): Promise<string> {
    let page = '';
    await until('it is known whether Volt can fetch it', async () => {
      page = await site.page(`/repos/${name}/added`, { cookie });
      return /Volt can(not)? fetch/.test(page);
    });
    return page;
  }

  it('is fetched at once, and its first build is shown', async () => {
    const answer = await submit('/repos/new', {
      url: repository.path,
      name: 'first',
      command: 'make',
      branches: 'ma*',
    });
    expect([answer.status, answer.headers.get('location')]).to.deep.equal([303, '/repos/first/added']);
    expect(await added('first')).to.include('Its default branch is main');
    await until('the build is shown', async () => (await added('first')).includes('first#1 first'));
    expect(await findRepository(site.context.database, 'first')).to.deep.include({
      command: 'make',
      branches: ['ma*'],
    });
    const [entry] = await listActions(site.context.database, { action: 'repos.add', limit: 1 });
    expect(entry).to.include({ actor: 'owner', target: 'first', status: 303 });
  });

  it('says at once that it cannot be fetched, and is fetched with the token that the person then gives', async () => {
    await submit('/repos/new', { url: server.url('app'), name: 'private' });
    const page = await added('private');
    expect(page).to.include('Volt cannot fetch private').and.include('Try with this token');
    expect(page).to.include('href="/repos/private/remove"');
    const wrong = await submit('/repos/private/credential', { user: 'git', password: 'canary-wrong' });
    expect(wrong.headers.get('location')).to.equal('/repos/private/added');
    expect(await added('private'))
      .to.include('cannot fetch')
      .and.not.include('canary-wrong');
    await submit('/repos/private/credential', { user: 'git', password: 'right' });
    await until('it is fetched', async () => (await added('private')).includes('Volt can fetch private'));
  });

  it('is fetched with a token that comes with the form, which only the credential keeps', async () => {
    await submit('/repos/new', { url: server.url('app'), name: 'with-token', user: 'git', password: 'right' });
    expect(await added('with-token'))
      .to.include('Volt can fetch with-token')
      .and.not.include('right@');
    const { context } = site;
    expect(await findCredential(context.database, context.config, 'with-token')).to.deep.include({ password: 'right' });
    expect((await findRepository(context.database, 'with-token'))?.url).to.equal(server.url('app'));
  });

  it('is refused with the reason beside the field, and the form keeps what was filled in but the token', async () => {
    await site.repository('taken');
    const wrong: [Record<string, string>, string][] = [
      [{ url: 'ext::sh -c id' }, 'url'],
      [{ url: 'https://git.example/a\r\nb' }, 'url'],
      [{ url: '-oProxyCommand=id' }, 'url'],
      [{ url: '/nowhere' }, 'url'],
      [{ url: '' }, 'url'],
      [{ url: 'ssh://git@git.example/a', password: 'canary' }, 'url'],
      [{ url: 'https://git.example/a', name: '../a' }, 'name'],
      [{ url: 'https://git.example/a', name: 'new' }, 'name'],
      [{ url: 'https://git.example/a', name: 'taken' }, 'name'],
      [{ url: 'https://git.example/a', branches: '--all' }, 'branches'],
      [{ url: 'https://git.example/a', branches: `main, ${'x'.repeat(2000)}` }, 'branches'],
      [{ url: 'https://git.example/a', tags: '--all' }, 'tags'],
      [{ url: 'https://git.example/a', runners: 'gpu, a b/c!' }, 'runners'],
      [{ url: 'https://git.example/a', visibility: 'everybody' }, 'visibility'],
      [{ url: 'https://git.example/a', pollSeconds: 'x' }, 'pollSeconds'],
    ];
    for (const [fields, field] of wrong) {
      const answer = await submit('/repos/new', { password: 'canary', ...fields });
      const page = await answer.text();
      expect(answer.status, JSON.stringify(fields)).to.be.oneOf([400, 409]);
      expect(page, JSON.stringify(fields)).to.include(`id="field-${field}-problem"`).and.not.include('canary');
    }
    const kept = await (await submit('/repos/new', { url: '/nowhere', tags: 'v"*' })).text();
    expect(kept)
      .to.include('value="/nowhere"')
      .and.include('value="v&quot;*"')
      .and.match(/<details open=""[^>]*>.*More/s);
  });

  it('shows the deploy key that Volt has made', async function () {
    if (!hasSshd()) return this.skip();
    await submit('/repos/new', { url: 'ssh://git@127.0.0.1:1/app.git', name: 'keyed' });
    expect(await added('keyed')).to.include('Make a deploy key');
    expect((await submit('/repos/keyed/deploy-key', {})).status, 'no server shows its host keys').to.equal(502);
    const knownHosts = '127.0.0.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUFBCFc58UMEwYC2gHHUuM3GZkyhyGFDGRWYJ26lPzf\n';
    const headers = { authorization: `Bearer ${site.token}` };
    const init = { method: 'PUT', headers, body: JSON.stringify({ knownHosts }) };
    const { publicKey } = await bodyOf(await site.fetch('/api/v1/repos/keyed/credential/ssh', init));
    expect(await added('keyed'))
      .to.include(publicKey)
      .and.include('SHA256:');
  });

  it('is for admins alone, by the page and by the API', async () => {
    const { token } = await bodyOf(await site.post('/api/v1/tokens', { name: 'writer', role: 'approve' }));
    const writer = await site.signIn(token);
    const get = (path: string) => site.ask(path, { headers: { cookie: writer, accept: 'text/html' } });
    for (const path of ['/repos/new', '/repos/first/added']) expect((await get(path)).status, path).to.equal(403);
    const fields = { url: repository.path, name: 'sly', password: 'x' };
    for (const path of ['new', 'first/credential', 'first/deploy-key'])
      expect((await acting.submit(`/repos/${path}`, fields, writer)).status, path).to.equal(403);
    const sent = await site.fetch('/api/v1/repos', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(fields),
    });
    expect(sent.status).to.equal(403);
    const anonymous = await site.fetch('/repos/new', { headers: { accept: 'text/html' } });
    expect(anonymous.headers.get('location')).to.equal('/sign-in?next=%2Frepos%2Fnew');
    const forged = { cookie, 'sec-fetch-site': 'cross-site' };
    const body = new URLSearchParams(fields);
    expect((await site.ask('/repos/new', { method: 'POST', headers: forged, body })).status).to.equal(401);
    expect(await findRepository(site.context.database, 'sly')).to.equal(undefined);
  });

  it('is checked by commands, which say whether Volt can fetch it', async () => {
    const repo = (...args: string[]) => volt(['repo', ...args, '--data', site.context.config.dataDir]);
    const good = await repo('add', 'good', repository.path);
    expect(good.stdout, good.stderr).to.match(
      /^watching good: [^\n]*\n.* Volt can fetch it; its default branch is main\n$/,
    );
    const bad = await repo('add', 'bad', 'http://127.0.0.1:1/bad.git');
    expect([bad.code, bad.stderr]).to.deep.equal([0, '']);
    expect(bad.stdout).to.match(/Volt cannot fetch it: fetch_failed: .*127\.0\.0\.1/);
    const again = await repo('check', 'bad');
    expect(again.code).to.equal(3);
    expect(again.stdout).to.match(/^. Volt cannot fetch it: fetch_failed/);
    const known = await repo('check', 'good', '--json');
    expect([known.code, JSON.parse(known.stdout).error]).to.deep.equal([0, null]);
    expect((await repo('check', 'gone')).code).to.equal(2);
  });

  it(`is added and built by a person with a browser, without a script${withoutBrowser}`, async function () {
    const browser: Browser | undefined = await startBrowser();
    if (!browser) return this.skip();
    try {
      const context = await browser.newContext({ baseURL: site.privateUrl, javaScriptEnabled: false });
      const [name = '', value = ''] = cookie.split('=');
      await context.addCookies([{ name, value, url: site.privateUrl }]);
      const page = await context.newPage();
      await page.goto('/repos');
      await page.getByRole('link', { name: 'Add repository' }).click();
      await page.getByLabel('URL or path').fill('/nowhere');
      await page.getByLabel('Name').fill('by-hand');
      await page.getByRole('button', { name: 'Add repository' }).click();
      await page.getByText('There is no folder').or(page.getByText('there is no folder')).waitFor();
      await page.getByLabel('URL or path').fill(repository.path);
      await page.getByText('More options').click();
      await page.getByLabel('Commits').selectOption('latest');
      await page.getByRole('button', { name: 'Add repository' }).click();
      await page.getByRole('heading', { name: 'Volt can fetch by-hand' }).waitFor();
      await page.getByRole('link', { name: 'by-hand#1 first' }).click();
      await page.waitForURL(/\/builds\/\d+$/);
    } finally {
      await browser.close();
    }
    expect(await findRepository(site.context.database, 'by-hand')).to.include({ commits: 'latest' });
  });
});
