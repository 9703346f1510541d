import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
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

  const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()');

  it('the first key leads past the navigation', async () => {
    await page.goto('/builds');
    await page.keyboard.press('Tab');
    expect(await focused()).to.equal('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).to.equal('content');
  });

  it('a menu has what is rarely needed, and closes by itself', async () => {
    await page.goto('/builds');
    const menu = page.locator('#more');
    await menu.getByText('More').press('Enter');
    expect(await menu.getByRole('link').allTextContents()).to.include.members(['Forges', 'Audit log', 'Queues', 'API']);
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
});
