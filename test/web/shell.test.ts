import axe from 'axe-core';
import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { job, Site } from './site.ts';

describe(`web: what all pages share, in a browser${withoutBrowser}`, () => {
  let site: Site;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  before(async function () {
    const started = await startBrowser();
    if (!started) return this.skip();
    browser = started;
    site = await Site.start();
    await site.repository('chalk');
    const build = await site.build('chalk', { subject: 'Begin with red' });
    await site.finish({ job: job(build), attempt: 1 });
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
  });
  beforeEach(() => open());
  afterEach(async () => {
    await context?.close();
    expect(complaints).to.deep.equal([]);
  });

  /** Opens a window of a person who has signed in. */
  async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
    await context?.close();
    complaints = [];
    context = await browser.newContext({ baseURL: site.privateUrl, ...options });
    const [name = '', value = ''] = (await site.signIn()).split('=');
    await context.addCookies([{ name, value, url: site.privateUrl }]);
    page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
  }

  /** Opens a page. A browser drops keys that come before it has drawn the first frame. */
  async function visit(path: string): Promise<void> {
    await page.goto(path);
    await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
  }

  const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()');

  it('the first key leads past the navigation', async () => {
    await visit('/builds');
    await page.keyboard.press('Tab');
    expect(await focused()).to.equal('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).to.equal('content');
  });

  it('a menu has what is rarely needed, and closes by itself', async () => {
    await visit('/builds');
    const menu = page.locator('#more');
    await menu.getByText('More').press('Enter');
    expect(await menu.getByRole('link').allTextContents()).to.include.members(['Add repository', 'Forges', 'API']);
    await page.keyboard.press('Escape');
    expect(await menu.getAttribute('open')).to.equal(null);
    expect(await focused()).to.equal('More');
    await menu.getByText('More').click();
    await page.getByRole('heading', { level: 1 }).click();
    expect(await menu.getAttribute('open')).to.equal(null);
  });

  it('a person searches without a script', async () => {
    await open({ javaScriptEnabled: false, viewport: { width: 375, height: 740 } });
    await page.goto('/');
    await page.getByRole('link', { name: 'Search' }).click();
    await page.getByRole('searchbox', { name: 'Search' }).fill('red');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('navigation', { name: 'Kinds of results' }).getByRole('link', { name: 'Builds' }).click();
    await page.getByRole('link', { name: /chalk#1 Begin with red/ }).click();
    await page.waitForURL('**/builds/*');
  });

  it('the palette finds what Volt knows, by the keyboard alone', async () => {
    await visit('/runners');
    await page.keyboard.press('/');
    const field = page.getByRole('combobox', { name: 'Search' });
    await page.getByRole('option', { name: /^Repositories/ }).waitFor();
    await page.keyboard.type('red');
    const option = page.getByRole('option', { name: /chalk#1 ?Begin with red/ });
    await option.waitFor();
    expect(await field.getAttribute('aria-activedescendant')).to.equal(await option.getAttribute('id'));
    expect(await option.getAttribute('aria-selected')).to.equal('true');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/builds/*');
    await visit(page.url());
    // a page that was read is offered first
    await page.keyboard.press('Control+k');
    expect(await page.getByRole('option').first().textContent()).to.match(/^Runners ?recent$/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    const last = await page.getByRole('option').last().getAttribute('id');
    expect(await field.getAttribute('aria-activedescendant')).to.equal(last);
    await page.keyboard.type('chalk');
    await page.getByRole('option', { name: /^Build chalk now/ }).waitFor();
    await page.keyboard.press('Escape');
    await field.waitFor({ state: 'hidden' });
  });

  it('the palette says when nothing is found, does what it lists, and forgets pages when a person signs out', async () => {
    await visit('/runners');
    await page.getByRole('link', { name: /^Search/ }).click();
    await page.keyboard.type('no such thing');
    await page.getByText('Nothing found. All words must match.').waitFor();
    await page.getByRole('combobox').fill('sign o');
    await page.getByRole('option', { name: /^Sign out/ }).click();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    await visit('/');
    await page.keyboard.press('/');
    const options = page.locator('.palette [role=option]');
    await options.first().waitFor();
    expect((await options.allTextContents()).filter((text) => text.endsWith('recent'))).to.deep.equal([]);
  });

  it('keys lead to pages and step through rows, but not while a person types', async () => {
    await visit('/runners');
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.waitForURL('**/repos');
    await visit('/repos');
    await page.keyboard.press('j');
    expect(await focused()).to.equal('chalk');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/repos/chalk');
    await visit('/search');
    await page.getByRole('searchbox').focus();
    await page.keyboard.type('g b/?j');
    expect(await page.getByRole('searchbox').inputValue()).to.equal('g b/?j');
    expect(await page.getByRole('dialog').count()).to.equal(0);
  });

  it('keys step through the jobs of a build, and its failed ones', async () => {
    const names = ['a', 'b', 'c', 'd'].map((name) => ({ name }));
    const id = await site.build('chalk', { subject: 'Four jobs' }, names);
    await site.finish({ job: job(id, 1), attempt: 1 });
    for (const position of [2, 4])
      await site.finish({ job: job(id, position), attempt: 1 }, { status: 'failure', reason: 'exit_code' });
    await visit(`/builds/${id}?job=${job(id, 1)}`);
    const at = (position: number) => page.waitForURL(`**/builds/${id}?job=${job(id, position)}`);
    const current = (name: string) =>
      page.locator('#jobs [aria-current] .name').getByText(name, { exact: true }).waitFor();
    for (const [key, position, name] of [
      ['n', 2, 'b'],
      ['n', 4, 'd'],
      ['k', 3, 'c'],
      ['p', 2, 'b'],
      ['j', 3, 'c'],
    ] as const) {
      await page.keyboard.press(key);
      await at(position);
      await current(name);
    }
  });

  it('single keys are listed, and can be switched off', async () => {
    await visit('/runners');
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await help.getByText('next failed job', { exact: true }).waitFor();
    await help.getByRole('checkbox').uncheck();
    await help.getByRole('button', { name: 'Close' }).click();
    await help.waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    await page.keyboard.press('?');
    await page.keyboard.press('Control+k');
    const open = page.getByRole('dialog');
    await open.first().waitFor();
    expect(await open.count()).to.equal(1);
    await page.keyboard.press('Escape');
    await visit('/shortcuts');
    await page.getByRole('checkbox').check();
    await page.locator('main').click();
    await page.keyboard.press('/');
    await open.waitFor();
  });

  it('the palette and the list of keys have no fault that axe finds, on a phone and dark', async () => {
    await open({ viewport: { width: 375, height: 740 }, colorScheme: 'dark' });
    await visit('/builds');
    for (const keys of ['/', '?']) {
      await page.keyboard.press(keys);
      await page.getByRole('dialog').waitFor();
      await page.evaluate(axe.source);
      const { violations } = (await page.evaluate("axe.run('dialog[open]')")) as axe.AxeResults;
      expect(violations.map(({ id, nodes }) => `${id} ${nodes[0]?.html}`)).to.deep.equal([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
    }
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(375);
  });

  it('title and icon tell the state, as it changes, and that Volt does not answer', async () => {
    await site.repository('states');
    const id = await site.build('states');
    const titled = (start: string) => until(start, async () => (await page.title()).startsWith(start));
    const icon = () => page.locator('link[rel=icon]').getAttribute('href');
    await visit('/builds?repo=states');
    expect(await icon()).to.include('/public/icon-queued.svg');
    await site.begin({ job: job(id), attempt: 1 });
    await site.finish({ job: job(id), attempt: 1 }, { status: 'failure', reason: 'exit_code' });
    await site.announce(id, 'states', 'failure');
    await titled('✗ Builds of states');
    expect(await icon()).to.include('/public/icon-failure.svg');
    expect((await site.fetch((await icon()) ?? '')).headers.get('content-type')).to.equal('image/svg+xml');
    const fetchAgain = () => page.evaluate('dispatchEvent(new PopStateEvent("popstate"))');
    await context.setOffline(true);
    await fetchAgain();
    await titled('Volt does not answer');
    await context.setOffline(false);
    await fetchAgain();
    await titled('✗ Builds of states');
    complaints = complaints.filter((complaint) => !complaint.includes('ERR_INTERNET_DISCONNECTED'));
  });

  it('a notification tells when a watched build has ended, whatever page is open', async () => {
    // the desktop of a test shows none
    const content = `
      globalThis.shown = [];
      globalThis.Notification = class {
        static permission = 'granted';
        static requestPermission = async () => 'granted';
        constructor(title, { body }) { shown.push(title + ': ' + body); }
      };`;
    await context.addInitScript({ content });
    const id = await site.build('chalk', { subject: 'Slow' });
    await site.begin({ job: job(id), attempt: 1 });
    await visit(`/builds/${id}`);
    await page.getByRole('button', { name: 'Notify me' }).click();
    await page.locator('#notify[aria-pressed=true]').getByText('Will notify you').waitFor();
    await visit('/runners');
    await site.finish({ job: job(id), attempt: 1 }, { status: 'failure', reason: 'exit_code', exitCode: 1 });
    await site.announce(id, 'chalk', 'failure');
    const shown = await until('a notification', async () => (await page.evaluate<string[]>('shown'))[0]);
    expect(shown).to.match(/^✗ chalk#\d+: Failed/);
    await visit(`/builds/${id}`);
    expect(await page.locator('#notify').count()).to.equal(0);
  });

  it('says why there are no notifications where a browser forbids them', async () => {
    const id = await site.build('chalk', { subject: 'Slow, too' });
    const content = "Object.defineProperty(Notification, 'permission', { value: 'denied' })";
    await context.addInitScript({ content });
    await visit(`/builds/${id}`);
    const button = page.getByRole('button', { name: 'Notify me' });
    await button.waitFor();
    expect(await button.isDisabled()).to.equal(true);
    expect(await button.getAttribute('title')).to.equal('This browser forbids notifications of this page.');
  });
});
