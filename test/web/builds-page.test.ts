import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { BuildId } from '../../src/kernel/model.ts';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { pullRequest7 } from '../support/record.ts';
import { until } from '../support/until.ts';
import { job, Site } from './site.ts';

const textOf = (page: string) => page.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
const failure = { status: 'failure', reason: 'exit_code' } as const;

describe('web: the list of builds', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    for (const name of ['sample', 'shop', 'busy']) await site.repository(name);
  });
  after(() => site.stop());

  const branch = (repo: string, name: string) =>
    site.context.database.write(async (db) => {
      const cursor = { repo, ref: `refs/heads/${name}`, sha: 'a'.repeat(40), generation: 0, moved_at: 1 };
      await db.insertInto('cursors').values(cursor).execute();
    });

  describe('without script', () => {
    it('says why a build failed, what its jobs did, and what a pull request is', async () => {
      const names = ['lint', 'unit (1)', 'unit (2)'];
      const bad = await site.build(
        'shop',
        { author: 'Grace Hopper' },
        names.map((name) => ({ name })),
      );
      await site.finish({ job: job(bad, 1), attempt: 1 });
      await site.finish({ job: job(bad, 2), attempt: 1 });
      await site.finish({ job: job(bad, 3), attempt: 1 }, failure);
      const pullRequest = { ...pullRequest7, headRef: 'topic' };
      await site.build(
        'shop',
        { ref: 'refs/pull/7/head', pullRequest },
        Array.from({ length: 15 }, () => ({})),
      );
      const page = await site.page('/builds?repo=shop');
      expect(textOf(page)).to.match(/failed shop#1 Change \d+ unit \(2\) failed main GH Grace Hopper/);
      expect(page).to.include('aria-label="3 jobs: 2 passed, 1 failed"').and.include('title="unit (2): failed"');
      expect(page).to.include('href="/builds?repo=shop&amp;branch=main"');
      expect(textOf(page)).to.include('#7 topic → main').and.include('+3');
      expect(page).to.include('href="/builds?repo=shop&amp;pull=7"');
    });

    it('has each part of the filter in the address, to be removed by itself', async () => {
      const page = await site.page('/builds?repo=shop&repo=sample&branch=main&status=failure&event=push&author=grace');
      expect(textOf(page)).to.include('Repository shop × Repository sample × Branch main × Status failed ×');
      expect(page).to.include(
        'href="/builds?repo=sample&amp;branch=main&amp;status=failure&amp;event=push&amp;author=grace" aria-label="Remove Repository shop"',
      );
      expect(textOf(page)).to.include('shop#1').and.not.include('shop#2');
      const sent = await site.fetch('/builds?repo=shop&branch=&status=&author=&text=+x');
      expect([sent.status, sent.headers.get('location')]).to.deep.equal([303, '/builds?repo=shop&text=x']);
    });

    it('suggests a similar name where nothing has the given one', async () => {
      await branch('shop', 'main');
      await branch('shop', 'feature/long-name');
      expect(await site.page('/builds?branch=mian')).to.match(
        /Did you mean\s*<a href="\/builds\?branch=main">main<\/a>/,
      );
      expect(await site.page('/builds?repo=shop&branch=feature')).to.include('branch=feature%2Flong-name">');
      expect(await site.page('/builds?repo=shpo')).to.include('<a href="/builds?repo=shop">shop</a>');
      expect(textOf(await site.page('/builds?author=nobody'))).to.include('No builds match this filter.');
    });

    it('shows what fails now, and asks once whose builds are mine', async () => {
      const failing = textOf(await site.page('/builds?failing=1'));
      expect(failing).to.include('shop#1').and.not.include('shop#2');
      expect(textOf(await site.page('/builds?mine=1'))).to.include('Which builds are yours?');
      const headers = { origin: site.url };
      const body = new URLSearchParams({ me: ' grace hopper ', next: '/builds?mine=1' });
      const answer = await site.fetch('/preferences', { method: 'POST', headers, body });
      const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
      const mine = textOf(await (await site.fetch('/builds?mine=1', { headers: { cookie } })).text());
      expect(mine).to.include('Commits by grace hopper Not you?').and.include('shop#1').and.not.include('shop#2');
    });

    it('says what runs and how much waits, whatever the list begins with', async () => {
      const first = await site.build('busy', { subject: 'Runs' });
      await site.begin({ job: job(first), attempt: 1 });
      for (let count = 0; count < 3; count++) await site.build('busy');
      const page = textOf(await site.page('/builds?repo=busy'));
      expect(page).to.match(/1 running 3 queued busy#1 [\d.]+ s/);
      expect(textOf(await site.page(`/builds?repo=busy&upto=${first}`))).to.include('3 new builds');
    });

    it('has one line for each build if the reader wants it so', async () => {
      const body = new URLSearchParams({ density: 'compact', next: '/builds' });
      const answer = await site.fetch('/preferences', { method: 'POST', body, headers: { origin: site.url } });
      const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
      expect(await (await site.fetch('/builds', { headers: { cookie } })).text()).to.include('class="builds compact"');
      expect(await site.page('/builds')).to.include('class="builds"');
    });
  });

  describe(`in a browser${withoutBrowser}`, () => {
    let browser: Browser;
    let context: BrowserContext;
    let page: Page;
    /** addresses of the pages that the script has fetched */
    let fetched: string[];

    before(async function () {
      const started = await startBrowser();
      if (!started) return this.skip();
      browser = started;
      for (let count = 0; count < 40; count++) await site.build('sample', { subject: `Old ${count}` });
    });
    after(() => browser?.close());
    beforeEach(async () => {
      context = await browser.newContext({ baseURL: site.url, viewport: { width: 1200, height: 700 } });
      page = await context.newPage();
      fetched = [];
      page.on('request', (request) => {
        if (request.resourceType() === 'fetch' && new URL(request.url()).pathname === '/builds')
          fetched.push(request.url());
      });
    });
    afterEach(() => context.close());

    const add = async (subject: string): Promise<BuildId> => {
      const id = await site.build('sample', { subject });
      await site.announce(id, 'sample', 'queued');
      return id;
    };
    const topOf = (subject: string) =>
      page.getByText(subject, { exact: true }).evaluate((one) => one.getBoundingClientRect().top);

    it('fetches nothing again that it has just loaded', async () => {
      const stream = page.waitForResponse((answer) => answer.url().includes('/api/v1/events'));
      await page.goto('/builds?repo=sample');
      await stream;
      await page.evaluate('new Promise(requestAnimationFrame)');
      expect(fetched).to.deep.equal([]);
    });

    it('misses nothing that changes between the page and its stream', async () => {
      let after: string | null = null;
      await page.route('**/api/v1/events*', async (route) => {
        after = new URL(route.request().url()).searchParams.get('after');
        await site.build('sample', { subject: 'Came in between' });
        await route.continue();
      });
      await page.goto('/builds?repo=sample');
      await page.getByText('Came in between').waitFor();
      expect(after).to.match(/^\d+$/);
    });

    it('keeps its place while it is read, updates its rows, and offers what is new', async () => {
      await page.goto('/builds?repo=sample');
      const watched = await site.context.database.db
        .selectFrom('builds')
        .select('id')
        .where('subject', '=', 'Old 20')
        .executeTakeFirstOrThrow();
      await page.getByText('Old 20', { exact: true }).scrollIntoViewIfNeeded();
      await page.evaluate('window.scrollTo(0, 600)');
      const before = await topOf('Old 20');
      await add('New 1');
      await add('New 2');
      const offer = page.getByRole('link', { name: '2 new builds' });
      await offer.waitFor();
      await site.begin({ job: job(String(watched.id) as BuildId), attempt: 1 });
      await site.announce(String(watched.id) as BuildId, 'sample', 'running');
      await page.locator(`#build-${watched.id} .status.running`).waitFor();
      expect(await topOf('Old 20')).to.equal(before);
      expect(await page.getByText('New 1', { exact: true }).count()).to.equal(0);
      expect(await page.locator('#newer').getAttribute('role')).to.equal('status');
      await offer.click();
      await page.getByText('New 2', { exact: true }).waitFor();
      expect(await page.evaluate('window.scrollY')).to.equal(0);
      await offer.waitFor({ state: 'detached' });
      expect(new URL(page.url()).search).to.equal('?repo=sample');
    });

    it('shows new builds at once at the top, but not while a row has the focus or its text is selected', async () => {
      await page.goto('/builds?repo=sample');
      await add('At once');
      await page.getByText('At once', { exact: true }).waitFor();
      await page.locator('.builds .row-link').first().focus();
      await add('Later');
      await page.getByRole('link', { name: '1 new build' }).waitFor();
      expect(await page.getByText('Later', { exact: true }).count()).to.equal(0);
      await page.getByRole('link', { name: '1 new build' }).focus();
      await page.keyboard.press('Enter');
      await page.getByText('Later', { exact: true }).waitFor();
    });

    it('opens a build by a click anywhere in its row, by the keyboard, and in another tab by the middle button', async () => {
      await page.goto('/builds?repo=shop&status=failure');
      const row = page.locator('.builds tbody tr').first();
      const opened = async () => until('the build is shown', async () => /\/builds\/\d+$/.test(page.url()));
      await row.getByText('Grace Hopper').click();
      await opened();
      await page.goBack();
      const box = await row.boundingBox();
      await page.mouse.click((box?.x ?? 0) + (box?.width ?? 0) * 0.55, (box?.y ?? 0) + 5);
      await opened();
      await page.goBack();
      await row.locator('.row-link').focus();
      await page.keyboard.press('Enter');
      await opened();
      await page.goBack();
      const other = context.waitForEvent('page');
      await row.getByText('Grace Hopper').click({ button: 'middle' });
      await (await other).waitForURL(/\/builds\/\d+$/);
      expect(page.url()).to.include('status=failure');
      await row.getByRole('link', { name: 'main' }).click();
      await page.waitForURL(/branch=main/);
    });

    it('lets the text of a row be selected without opening the build', async () => {
      await page.goto('/builds?repo=shop&status=failure');
      const box = await page.getByText('unit (2) failed').boundingBox();
      const y = (box?.y ?? 0) + (box?.height ?? 0) / 2;
      await page.mouse.move((box?.x ?? 0) + 2, y);
      await page.mouse.down();
      await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) - 2, y, { steps: 4 });
      await page.mouse.up();
      expect(await page.evaluate('String(getSelection())')).to.include('nit (2) fail');
      expect(page.url()).to.include('status=failure');
    });

    it('completes branches and authors while one types', async () => {
      await page.goto('/builds?repo=shop');
      await page.locator('#narrow > summary').click();
      await page.getByLabel('Branch').pressSequentially('long');
      await page.locator('#branches option[value="feature/long-name"]').waitFor({ state: 'attached' });
      await page.getByLabel('Author').pressSequentially('hopp');
      await page.locator('#authors option[value="Grace Hopper"]').waitFor({ state: 'attached' });
    });

    it('is used in full without script: filter, favourites, size of the rows and new builds', async () => {
      const plain = await browser.newContext({ baseURL: site.url, javaScriptEnabled: false });
      const without = await plain.newPage();
      await without.goto('/builds');
      await without.locator('#narrow > summary').click();
      await without.getByLabel('Branch').fill('main');
      await without.getByLabel('Status').selectOption('failed');
      await without.getByRole('button', { name: 'Add filter' }).click();
      expect(new URL(without.url()).search).to.equal('?branch=main&status=failure');
      await without.getByRole('button', { name: 'Compact' }).click();
      await without.locator('table.builds.compact').waitFor();
      expect(new URL(without.url()).search).to.equal('?branch=main&status=failure');
      await without.locator('.row-link').first().click();
      await without.waitForURL(/\/builds\/\d+$/);
      await without.goto('/');
      await without.getByRole('button', { name: 'Add shop to your favourites' }).click();
      await without.goto('/builds?favourites=1');
      const names = await without.locator('.row-link .name').allTextContents();
      expect(new Set(names.map((name) => name.trim().split('#')[0]))).to.deep.equal(new Set(['shop']));
      await plain.close();
    });

    it('is narrowed by the keyboard alone, and on a phone', async () => {
      await page.setViewportSize({ width: 375, height: 800 });
      await page.goto('/builds');
      await page.locator('#narrow > summary').focus();
      await page.keyboard.press('Enter');
      await page.getByLabel('Repository').focus();
      await page.keyboard.type('shop');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/builds?repo=shop');
      expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(375);
      await page.getByRole('link', { name: 'Remove Repository shop' }).focus();
      await page.keyboard.press('Enter');
      await page.waitForURL('**/builds');
      await page.getByRole('button', { name: 'Compact' }).click();
      await page.locator('table.builds.compact').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(375);
    });
  });
});
