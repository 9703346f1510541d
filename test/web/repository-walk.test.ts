import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { noteObserved } from '../../src/record/observations.ts';
import { findRepository } from '../../src/record/repositories.ts';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { job, Site } from './site.ts';

describe(`web: a repository in a browser${withoutBrowser}`, () => {
  let site: Site;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  before(async function () {
    const started = await startBrowser();
    if (!started) return this.skip();
    browser = started;
    site = await Site.start();
    for (const name of ['app', 'library', 'tool']) await site.repository(name);
    await noteObserved(site.context.database, 'app', { defaultBranch: 'main', notice: null });
    for (const status of ['success', 'failure', 'success'] as const) {
      const id = await site.build('app');
      await site.begin({ job: job(id), attempt: 1 });
      await site.finish({ job: job(id), attempt: 1 }, { status, reason: status === 'success' ? null : 'exit_code' });
    }
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
  });
  afterEach(() => context.close());

  async function open(options: Parameters<Browser['newContext']>[0] = {}) {
    context = await browser.newContext({ baseURL: site.privateUrl, ...options });
    const [name = '', value = ''] = (await site.signIn()).split('=');
    await context.addCookies([{ name, value, url: site.privateUrl }]);
    page = await context.newPage();
  }

  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const current = async () => findRepository(site.context.database, 'app');

  it('has a form of settings that the keyboard alone fills in, and that says what it has saved', async () => {
    await open();
    await page.goto('/repos/app');
    await page.getByRole('link', { name: 'Settings', exact: true }).focus();
    await press('Enter');
    await page.getByLabel('Branches').focus();
    await page.keyboard.type('main');
    await press('Enter');
    await page.keyboard.type('release/*');
    // tags, commits, seconds
    await press('Tab', 'Tab', 'Tab', 'ControlOrMeta+a');
    await page.keyboard.type('0.1');
    await press('Enter');
    // the browser itself refuses what is out of range, and keeps what was typed
    expect(
      await page
        .getByLabel('Seconds between checks')
        .evaluate((field) => (field as never as { validity: { valid: boolean } }).validity.valid),
    ).to.equal(false);
    await press('ControlOrMeta+a');
    await page.keyboard.type('90');
    await press('Enter');
    await page.getByText('Saved. This command does the same').waitFor();
    expect(await page.getByRole('status').locator('code').textContent()).to.equal(
      "volt repo set app --branch main --branch 'release/*' --poll 90",
    );
    expect(await current()).to.deep.include({ branches: ['main', 'release/*'], pollSeconds: 90, tags: [] });
  });

  it('shows what is wrong beside the field, where a screen reader finds it', async () => {
    await open();
    await page.goto('/repos/app/settings');
    await page.getByLabel('Container image').fill('Node:22');
    await page.getByRole('button', { name: 'Save settings' }).click();
    const field = page.getByLabel('Container image');
    await page.getByRole('alert').waitFor();
    expect(await field.getAttribute('aria-invalid')).to.equal('true');
    const described = (await field.getAttribute('aria-describedby'))?.split(' ')[0] ?? '';
    expect(await page.locator(`#${described}`).textContent()).to.include('"Node:22" is not an image');
    expect(await field.inputValue()).to.equal('Node:22');
    // nothing else of the form has changed
    await field.fill('node:22');
    await page.getByRole('button', { name: 'Save settings' }).click();
    expect(await page.getByRole('status').locator('code').textContent()).to.equal('volt repo set app --image node:22');
  });

  it('is watched no more after a page has asked, without a script, too', async () => {
    await site.repository('gone');
    await open({ javaScriptEnabled: false });
    await page.goto('/repos/gone/settings');
    await page.getByRole('link', { name: 'Stop watching…' }).click();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.getByRole('link', { name: 'Stop watching…' }).click();
    await page.getByLabel(/are deleted/).check();
    await page.getByRole('button', { name: 'Stop watching gone' }).click();
    await page.getByRole('heading', { name: 'Repositories' }).waitFor();
    expect(await findRepository(site.context.database, 'gone')).to.equal(undefined);
  });

  it('charts the range that a person chooses, on a phone and without a script, too', async () => {
    for (const options of [
      {},
      { javaScriptEnabled: false, viewport: { width: 375, height: 800 }, colorScheme: 'dark' as const },
    ]) {
      await open(options);
      await page.goto('/repos/app/charts');
      await page.getByRole('link', { name: '7 days' }).click();
      await page.waitForURL(/range=7d/);
      expect(await page.getByRole('figure').count()).to.equal(3);
      await page.getByLabel('Branch').fill('none');
      await page.getByRole('button', { name: 'Show' }).click();
      await page.getByText('No build of none has a result in the last 7 days.').waitFor();
      expect(new URL(page.url()).search).to.equal('?range=7d&branch=none');
      expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).to.equal(true);
      if (options !== undefined) await context.close();
    }
  });

  it('is found in the list as one types, and the address says what was typed', async () => {
    await open();
    await page.goto('/repos');
    await page.getByRole('link', { name: 'tool' }).waitFor();
    await page.getByLabel('Name or URL').pressSequentially('lib');
    await page.getByRole('link', { name: 'tool' }).waitFor({ state: 'detached' });
    expect(await page.getByRole('link', { name: 'library' }).isVisible()).to.equal(true);
    expect(new URL(page.url()).search).to.equal('?text=lib');
    expect(await page.evaluate("document.activeElement.getAttribute('name')")).to.equal('text');
    await press('Backspace', 'Backspace', 'Backspace');
    await page.getByRole('link', { name: 'tool' }).waitFor();
    expect(new URL(page.url()).search).to.equal('');
    // a person who comes back finds what they left
    await page.goto('/repos?text=lib');
    expect(await page.getByLabel('Name or URL').inputValue()).to.equal('lib');
    await until('the list is short', async () => (await page.getByRole('link', { name: 'tool' }).count()) === 0);
  });
});
