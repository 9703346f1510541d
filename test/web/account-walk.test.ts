import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { listActions } from '../../src/record/audit-search.ts';
import { grantRole } from '../../src/record/grants.ts';
import { setBlocked } from '../../src/record/people.ts';
import { addAddress } from '../../src/record/person-addresses.ts';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { bodyOf, Site } from './site.ts';

describe(`web: ways in and out in a browser${withoutBrowser}`, () => {
  let browser: Browser | undefined;
  let site: Site;
  let proxy: Server;
  let context: BrowserContext;
  let page: Page;

  before(async function () {
    browser = await startBrowser();
    if (!browser) return this.skip();
    site = await Site.start({ proxySignIn: '127.0.0.1' });
    proxy = createServer((incoming, outgoing) => {
      const { url, method, headers } = incoming;
      const told = { ...headers, 'remote-user': 'grace', 'remote-name': 'Grace' };
      const passed = request(site.url + url, { method, headers: told }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(outgoing);
      });
      incoming.pipe(passed);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    await browser?.close();
    proxy?.closeAllConnections();
    proxy?.close();
    await site?.stop();
  });
  beforeEach(async () => {
    context = await (browser as Browser).newContext();
    page = await context.newPage();
  });
  afterEach(() => context.close());

  /** The browser has the session of a person. */
  async function signedInAs(login: string): Promise<void> {
    const [name = '', value = ''] = (await site.signInAs(login)).split('=');
    await context.addCookies([{ name, value, url: site.privateUrl }]);
  }

  it('an administrator keeps people and their roles on a phone without script, and finds it in the audit log', async () => {
    await site.repository('app');
    await site.signInAs('joan');
    await context.close();
    context = await (browser as Browser).newContext({
      ...{ javaScriptEnabled: false, viewport: { width: 375, height: 800 }, baseURL: site.privateUrl },
    });
    const [name = '', value = ''] = (await site.signIn()).split('=');
    await context.addCookies([{ name, value, url: site.privateUrl }]);
    page = await context.newPage();
    await page.goto('/people');
    await page.getByRole('link', { name: 'joan' }).first().click();
    await page.getByLabel('Another address').fill('joan@example.org');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('button', { name: 'Remove joan@example.org' }).waitFor();
    await page.getByRole('button', { name: 'Block' }).click();
    await page.getByRole('button', { name: 'Let in again' }).click();
    await page.getByRole('button', { name: 'Block' }).waitFor();
    await page.goto('/access');
    await page.getByLabel('Who').fill('joan');
    await page.getByLabel('Repositories').fill('app');
    await page.getByRole('button', { name: 'Give role' }).click();
    await page.getByRole('button', { name: 'Revoke the role run of joan for app' }).click();
    await page.getByText('No role was given yet').waitFor();
    await page.goto('/audit?repo=&text=joan');
    const acts = ((await page.locator('#entries').textContent()) ?? '').replace(/\s+/g, ' ');
    for (const act of ['Take roles away', 'Give a role', 'Let in again person', 'Block person', 'mail address'])
      expect(acts).to.include(act);
    const exported = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export' }).click();
    const lines = readFileSync(await (await exported).path(), 'utf8')
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line).action)).to.include('access.grant');
  });

  it('an administrator downloads all settings, corrects a text of them, sees what would change, and applies it by keyboard', async () => {
    await signedInAs('root');
    await grantRole(site.context.database, { who: 'root', role: 'admin', repos: ['*'] }, 'owner');
    await page.goto(`${site.privateUrl}/`);
    await page.getByText('More').click();
    await page.getByRole('link', { name: 'Settings as code' }).click();
    const downloaded = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download' }).click();
    expect(readFileSync(await (await downloaded).path(), 'utf8'))
      .to.include('version: 1')
      .and.include('root:');
    const text = page.getByLabel('Settings, in YAML');
    expect(await text.inputValue()).to.include('version: 1');
    await text.fill('version: 1\nvariables:\n  A-B: x\n');
    await page.getByRole('button', { name: 'Show what changes' }).click();
    await page.getByText('Line 3, column 8').waitFor();
    await text.fill('version: 1\nvariables:\n  AB: x\n');
    await page.getByRole('button', { name: 'Show what changes' }).click();
    await page.getByText('+ variables/AB: x').waitFor();
    await page.getByRole('button', { name: 'Apply' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Applied' }).waitFor();
    expect(await text.inputValue()).to.include('AB: x');
    const [entry] = await listActions(site.context.database, { action: 'config.apply', limit: 1 });
    expect([entry?.actor, entry?.target]).to.deep.equal(['root', '1 change']);
  });

  it('a person makes a token and revokes it, and ends the session of another browser', async () => {
    await signedInAs('ada');
    await addAddress(site.context.database, 'ada', 'ada@example.org');
    await site.signInAs('ada');
    await page.goto(`${site.privateUrl}/`);
    await page.getByRole('link', { name: 'ada', exact: true }).click();
    await page.getByLabel('What it is for').fill('laptop');
    await page.getByRole('button', { name: 'Make the token' }).click();
    const token = (await page.locator('.panel code').first().textContent()) ?? '';
    const status = async () =>
      (await site.fetch('/api/v1/account', { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await status()).to.equal(200);
    await page.getByRole('button', { name: 'Revoke ada-laptop' }).click();
    await page.getByText('No program acts as you').waitFor();
    expect(await status()).to.equal(401);
    const mail = page.getByLabel('Mail about your commits goes to');
    await mail.selectOption('nobody: send me no mail at all');
    await page.locator('#mail').getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/#mail$/);
    expect(await mail.inputValue()).to.equal('none');
    await page.getByRole('button', { name: 'End all others' }).click();
    await page.getByRole('button', { name: 'End all others' }).waitFor({ state: 'detached' });
    expect(await page.locator('#sessions tbody tr').count()).to.equal(1);
  });

  it('a person is out when the session is ended elsewhere, and when an administrator blocks the person', async () => {
    await signedInAs('lin');
    await page.goto(`${site.privateUrl}/account`);
    const other = await site.signInAs('lin');
    const headers = { cookie: other, origin: site.privateUrl };
    await site.ask('/api/v1/account/sessions/end-others', { method: 'POST', headers });
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await signedInAs('lin');
    await page.goto(`${site.privateUrl}/account`);
    await page.getByRole('heading', { name: 'lin' }).waitFor();
    await setBlocked(site.context.database, 'lin', true);
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('a person who is blocked reads so on the page of a build that is open, which then stays as it is', async () => {
    await site.repository('open');
    await site.repository('vault', { visibility: 'private' });
    const builds = [await site.build('open'), await site.build('vault')];
    for (const [index, build] of builds.entries()) {
      const login = `kim-${index}`;
      await signedInAs(login);
      await grantRole(site.context.database, { who: login, role: 'read', repos: ['*'] }, 'owner');
      const path = `/builds/${build}`;
      await page.goto(site.privateUrl + path);
      await setBlocked(site.context.database, login, true);
      await page.getByText('You were signed out').waitFor({ timeout: 60_000 });
      const link = page.getByRole('status').getByRole('link', { name: 'Sign in' });
      expect(await link.getAttribute('href')).to.equal(`/sign-in?next=${encodeURIComponent(path)}`);
      expect(await page.getByRole('heading', { level: 1 }).textContent()).to.include('Change');
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await site.announce(build, 'open', 'running');
      await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
      await link.click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(asked.filter((url) => url.includes(path) || url.includes('/events'))).to.deep.equal([]);
    }
  });

  it('a person whose sessions Volt cannot read for a moment is not told so, and the page goes on', async () => {
    const { db } = site.context.database;
    await site.repository('going');
    await signedInAs('lou');
    await grantRole(site.context.database, { who: 'lou', role: 'read', repos: ['*'] }, 'owner');
    await page.goto(`${site.privateUrl}/builds`);
    const look = () => page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
    const failed = page.waitForResponse((answer) => answer.status() === 500 && answer.url().endsWith('/builds'));
    await db.schema.alterTable('sessions').renameTo('unreadable').execute();
    await look();
    await failed;
    await db.schema.alterTable('unreadable').renameTo('sessions').execute();
    await site.build('going', { subject: 'Go on' });
    await look();
    await page.getByText('Go on').waitFor({ timeout: 60_000 });
    expect(await page.getByText('You were signed out').count()).to.equal(0);
  });

  it('a person lets a program act by keyboard, without scripts', async () => {
    await context.close();
    context = await (browser as Browser).newContext({ javaScriptEnabled: false });
    page = await context.newPage();
    await signedInAs('ada');
    const ask = (path: string, fields: { [name: string]: string }) =>
      site.fetch(path, { method: 'POST', body: new URLSearchParams(fields) }).then(bodyOf);
    const codes = await ask('/oauth/device', { client_id: 'volt', machine: 'build-7', scope: 'read' });
    await page.goto(`${site.privateUrl}/device`);
    await page.getByLabel('Code').fill(codes.user_code.toLowerCase());
    await page.keyboard.press('Enter');
    await page.getByText('build-7').waitFor();
    await page.getByRole('button', { name: 'Confirm' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Confirmed' }).waitFor();
    const grant = 'urn:ietf:params:oauth:grant-type:device_code';
    const given = await ask('/oauth/token', { grant_type: grant, device_code: codes.device_code });
    expect(given.name).to.equal('ada-build-7');
  });

  it('a person comes through a proxy that has signed them in, and acts there', async () => {
    const { port } = proxy.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/account`);
    await page.getByRole('heading', { name: 'Grace' }).waitFor();
    expect(await page.getByText('Sign out').count()).to.equal(0);
    await page.getByLabel('What it is for').fill('laptop');
    await page.getByRole('button', { name: 'Make the token' }).click();
    await page.getByText('grace-laptop').first().waitFor();
  });
});
