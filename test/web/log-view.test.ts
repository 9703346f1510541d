import axe from 'axe-core';
import { expect } from 'chai';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { type JobId, newStep } from '../../src/kernel/model.ts';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { job, Site } from './site.ts';

const ESC = '\u001b';

describe(`web: the log in a browser${withoutBrowser}`, () => {
  let site: Site;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let log: Locator;
  let complaints: string[];
  /** addresses that the page has asked for */
  let asked: string[];

  before(async function () {
    const started = await startBrowser();
    if (!started) return this.skip();
    browser = started;
    site = await Site.start();
    await site.repository('sample');
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
  });

  async function open(options: BrowserContextOptions = {}): Promise<void> {
    await context?.close();
    context = await browser.newContext({ baseURL: site.privateUrl, ...options });
    page = await context.newPage();
    log = page.locator('.log-frame > .log');
    asked = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
    });
    page.on('request', (request) => asked.push(request.url().replace(site.privateUrl, '')));
  }
  beforeEach(async () => {
    complaints = [];
    await open();
  });
  afterEach(async () => {
    await context.close();
    expect(complaints).to.deep.equal([]);
  });

  /** A job that has ended, with its log and one step. */
  async function finished(text: string): Promise<JobId> {
    const ref = { job: job(await site.build('sample')), attempt: 1 };
    await site.appendLog(ref, text);
    const at = new Date().toISOString();
    const step = { ...newStep('Test'), status: 'failure' as const, startedAt: at, finishedAt: at };
    const steps = [{ ...step, logStart: 0, logEnd: Buffer.byteLength(text) }];
    await site.finish(ref, { status: 'failure', reason: 'exit_code', message: 'exited with code 1', steps });
    return ref.job;
  }
  const row = (number: number) => log.locator('.row', { has: page.getByLabel(`line ${number}`, { exact: true }) });
  const search = (text: string) => page.getByLabel('Search the log').fill(text);
  const colourOf = (locator: Locator, property: string) =>
    locator.evaluate((element, name) => element.computedStyleMap().get(name)?.toString(), property);

  it('shows marks as words, colours as printed, and links to the web only', async () => {
    const id = await finished(
      [
        '##[group]Run make',
        'make',
        '##[endgroup]',
        `${ESC}[31;7mred ground${ESC}[0m ${ESC}[38;5;208morange${ESC}[0m ${ESC}[48;2;40;90;160mblue ground${ESC}[0m ${ESC}[2;34mdim blue${ESC}[0m`,
        `see https://example.org/a_(b). and ${ESC}]8;;https://evil.example/x${ESC}\\https://bank.example${ESC}]8;;${ESC}\\`,
        `${ESC}]8;;javascript:alert(1)${ESC}\\press me${ESC}]8;;${ESC}\\ <b>javascript:alert(2)</b>`,
        '##[warning]old',
        '##[error]2 tests failed',
        '',
      ].join('\n'),
    );
    for (const javaScriptEnabled of [true, false]) {
      await open({ javaScriptEnabled });
      await page.goto(`/jobs/${id}/log`);
      await row(8).getByText('Error: 2 tests failed').waitFor();
      expect(await row(7).textContent()).to.equal('Warning: old\n');
      expect(await log.textContent()).to.not.include('##[');
      // its number is there for links, but nothing is shown
      expect(await row(3).isVisible()).to.equal(false);
      expect(await row(4).isVisible()).to.equal(true);
      const links = log.locator('code a');
      expect(
        await links.evaluateAll((all) =>
          all.map((one) => [one.getAttribute('href'), one.getAttribute('title'), one.getAttribute('rel')]),
        ),
      ).to.deep.equal([
        ['https://example.org/a_(b)', null, 'noopener nofollow'],
        ['https://evil.example/x', 'https://evil.example/x', 'noopener nofollow'],
      ]);
      expect(await links.last().getAttribute('data-host')).to.equal('evil.example');
      expect(await colourOf(log.getByText('red ground'), 'background-color')).to.equal('rgb(179, 38, 27)');
    }
    await open();
    await page.goto(`/jobs/${id}/log`);
    await row(8).waitFor();
    expect(await colourOf(log.getByText('blue ground'), 'background-color')).to.equal('rgb(40, 90, 160)');
    // darker than printed, to be readable on a light ground; as it was printed on a dark one
    expect(await colourOf(log.getByText('orange'), 'color')).to.match(/^rgb\(1[0-9]{2}, [0-9]{2}, 0\)$/);
    // lighter than blue, as far as that is readable
    expect(await colourOf(log.getByText('dim blue'), 'color')).to.equal('rgb(51, 109, 178)');
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await colourOf(log.getByText('orange'), 'color')).to.equal('rgb(255, 135, 0)');
  });

  it('is searched with the keyboard, by expression, and only for what matches; its address brings others there', async () => {
    const lines = Array.from({ length: 3000 }, (_, number) =>
      number % 500 === 7 ? `Test ${number} failed` : `ok ${number}`,
    );
    const id = await finished(`${lines.join('\n')}\n`);
    await page.goto(`/builds/${id.split('-')[0]}`);
    await search('test \\d+ (failed|lost)');
    await page.keyboard.press('Enter');
    await page.getByText('no matches').waitFor();
    await page.getByLabel('Regex').check();
    await page.getByText('1 of 6', { exact: true }).waitFor();
    expect(await log.locator('.row.at mark').textContent()).to.equal('Test 7 failed');
    await page.getByLabel('Search the log').focus();
    await page.keyboard.press('Enter');
    await page.getByText('2 of 6', { exact: true }).waitFor();
    await page.keyboard.press('Shift+Enter');
    await page.getByText('1 of 6', { exact: true }).waitFor();
    await log.focus();
    await page.keyboard.press('N');
    await page.getByText('6 of 6', { exact: true }).waitFor();
    await row(2508).locator('mark').waitFor();
    await page.keyboard.press('n');
    await page.getByText('1 of 6', { exact: true }).waitFor();
    await page.getByLabel('Match case').check();
    await page.getByText('no matches').waitFor();
    await search('Test \\d+');
    await page.keyboard.press('Enter');
    await page.getByLabel('Only matches').check();
    await until('only the lines that match are shown', async () => (await log.locator('.row').count()) === 6);
    expect(new URL(page.url()).searchParams.toString()).to.equal(
      new URLSearchParams({ job: id, attempt: '1', q: 'Test \\d+', case: '1', regex: '1', only: '1' }).toString(),
    );

    const shared = page.url();
    await open();
    await page.goto(shared);
    await until('only the lines that match are shown', async () => (await log.locator('.row').count()) === 6);
    // the number of a line leads to the line between its neighbours
    await row(1508).getByLabel('line 1508').click();
    await row(1509).waitFor();
    expect(await row(1508).getAttribute('class')).to.include('chosen');
    expect(page.url()).to.match(/case=1&regex=1#L1508$/);
    await search('');
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).search).to.equal(`?job=${id}&attempt=1`);
    await until('nothing is marked', async () => (await log.locator('mark').count()) === 0);

    await open({ javaScriptEnabled: false });
    await page.goto(shared);
    expect(await log.locator('.row mark').allTextContents()).to.deep.equal(
      [7, 507, 1007, 1507, 2007, 2507].map((number) => `Test ${number}`),
    );
    await page.getByLabel('line 1508').click();
    expect(await row(1508).locator('mark').textContent()).to.equal('Test 1507');
    await row(1509).waitFor();
    await page.getByLabel('Search the log').fill('(');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('not a regular expression: Unterminated group').waitFor();
  });

  it('wraps long lines where a person wants it, or on a phone, and nothing moves meanwhile', async () => {
    const lines = Array.from({ length: 2000 }, (_, number) => `${number + 1} ${'word '.repeat((number * 7) % 60)}`);
    lines[1000] = 'x'.repeat(12_000);
    const id = await finished(`${lines.join('\n')}\n`);
    await page.goto(`/jobs/${id}/log#L900`);
    await row(900).waitFor();
    const wide = () => log.evaluate((element) => element.scrollWidth > element.clientWidth);
    expect(await wide()).to.equal(true);
    const wrap = page.getByRole('button', { name: 'Wrap' });
    const top = async () => (await row(900).boundingBox())?.y ?? 0;
    const before = await top();
    await wrap.click();
    await until('the lines are wrapped', async () => !(await wide()));
    expect(await wrap.getAttribute('aria-pressed')).to.equal('true');
    await until('the line is where it was', async () => Math.abs((await top()) - before) < 2);
    await page.goto(`/jobs/${id}/log#L1001`);
    await page.reload();
    await until('the long line is wrapped', async () => ((await row(1001).boundingBox())?.height ?? 0) > 1000);
    expect(await wide()).to.equal(false);
    // what is drawn above has another height than it counted, and the wheel moves what one sees as far as ever
    await log.hover();
    for (let turn = 0; turn < 10; turn++) {
      const seen = await log.evaluate((element) => {
        const edge = element.getBoundingClientRect().top;
        const found = [...element.querySelectorAll('.row')].find(
          (one) => one.getBoundingClientRect().bottom > edge + 300,
        );
        return {
          number: found?.querySelector('.ln')?.getAttribute('data-n') ?? '',
          y: found?.getBoundingClientRect().y ?? 0,
        };
      });
      await page.mouse.wheel(0, -200);
      const y = async () => (await row(Number(seen.number)).boundingBox())?.y ?? 0;
      await until('the log has scrolled', async () => Math.abs((await y()) - seen.y - 200) < 2);
    }
    await page.getByRole('button', { name: 'End', exact: true }).click();
    await row(2000).waitFor();
    const end = await log.evaluate((element) => element.getBoundingClientRect().bottom);
    await until('the last line is at the end', async () => {
      const box = await row(2000).boundingBox();
      return box !== null && box.y + box.height <= end && box.y + box.height > end - 30;
    });
    expect(await log.locator('.row').count()).to.be.below(200);

    await open({ viewport: { width: 375, height: 700 }, javaScriptEnabled: false });
    await page.goto(`/jobs/${id}/log?line=1001`);
    expect(await wide()).to.equal(false);
    await open({ viewport: { width: 375, height: 700 } });
    await page.goto(`/jobs/${id}/log#L1001`);
    await row(1001).waitFor();
    expect(await wide()).to.equal(false);
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(375);
  });

  it('fills the window with a button or a key, and Escape ends that', async () => {
    const id = await finished('one line\n');
    await page.goto(`/builds/${id.split('-')[0]}`);
    await row(1).waitFor();
    await page.keyboard.press('f');
    expect(await page.locator('header').isVisible()).to.equal(false);
    const box = await page.locator('#log').boundingBox();
    expect([box?.x, box?.y, box?.width]).to.deep.equal([0, 0, page.viewportSize()?.width]);
    await page.keyboard.press('Escape');
    await page.locator('header').waitFor();
    await page.getByRole('button', { name: 'Full screen' }).click();
    await page.locator('header').waitFor({ state: 'hidden' });
    // a letter that is typed is not a key of the log
    await search('f');
    expect(await page.locator('header').isVisible()).to.equal(false);
    await page.getByRole('button', { name: 'Full screen' }).click();
    await page.locator('header').waitFor();
  });

  it('says that it follows only while it does, and offers the newest lines', async () => {
    const ref = { job: job(await site.build('sample')), attempt: 1 };
    await site.begin(ref);
    await site.appendLog(ref, Array.from({ length: 200 }, (_, number) => `line ${number + 1}\n`).join(''));
    await page.goto(`/jobs/${ref.job}/log`);
    await page.getByText('following').waitFor();
    await row(200).waitFor();
    const newest = page.getByRole('button', { name: 'Newest lines' });
    await log.hover();
    await page.mouse.wheel(0, -1000);
    await page.getByText('following').waitFor({ state: 'hidden' });
    expect(await newest.isVisible()).to.equal(false);
    const top = await log.evaluate((element) => element.scrollTop);
    await site.appendLog(ref, 'and more\n');
    await newest.waitFor();
    expect(await log.evaluate((element) => element.scrollTop)).to.equal(top);
    await newest.click();
    await row(201).waitFor();
    await page.getByText('following').waitFor();
    await newest.waitFor({ state: 'hidden' });
    await site.finish(ref);
    await site.announce(ref.job.split('-')[0] as never, 'sample', 'success');
    await page.getByText('following').waitFor({ state: 'hidden' });
  });

  it('fetches nothing that the page has, and keeps a selection while it grows', async () => {
    const ref = { job: job(await site.build('sample')), attempt: 1 };
    await site.begin(ref);
    await site.appendLog(ref, `first ${ESC}[1mbold${ESC}[0m line\nsecond line\nthird without an end`);
    await page.goto(`/builds/${ref.job.split('-')[0]}`);
    await log.getByText('third without an end').waitFor();
    await log.getByText('bold').dblclick();
    await site.appendLog(ref, ' has one\nfourth\n');
    await log.getByText('third without an end has one').waitFor();
    await log.getByText('fourth').waitFor();
    expect(await page.evaluate('String(getSelection())')).to.match(/^bold/);
    expect(
      asked.filter((address) => address.includes('/log')).map((address) => address.replace(/\?.*/, '')),
    ).to.deep.equal(['/public/log.js', `/api/v1/jobs/${ref.job}/log`]);
    // an update of the page, which the script of the log does not need, has no lines of the log
    const key = (await page.locator('#log').getAttribute('data-key')) ?? '';
    const update = await site.page(`/builds/${ref.job.split('-')[0]}`, { 'volt-shown-log': key });
    expect(update).to.include(`data-key="${key}"`).and.to.not.include('second line');
    expect(await site.page(`/builds/${ref.job.split('-')[0]}`)).to.include('second line');
  });

  it('keeps the place of its text when its numbers get longer', async () => {
    const ref = { job: job(await site.build('sample')), attempt: 1 };
    await site.begin(ref);
    await site.appendLog(ref, 'x\n'.repeat(999_998));
    await page.goto(`/jobs/${ref.job}/log`);
    const left = (number: number) =>
      row(number)
        .locator('code')
        .evaluate((element) => element.getBoundingClientRect().x);
    await row(999_998).waitFor();
    const before = await left(999_998);
    await site.appendLog(ref, 'x\n'.repeat(5));
    await row(1_000_003).waitFor();
    expect([await left(999_998), await left(1_000_003)]).to.deep.equal([before, before]);
  });

  it('has no fault that axe finds, in light and dark, searched, wrapped and on a phone', async () => {
    const colours = Array.from(
      { length: 256 },
      (_, code) => `${ESC}[38;5;${code}m${code}${ESC}[0m ${ESC}[48;5;${code}m${code}${ESC}[0m`,
    );
    const id = await finished(`${colours.join(' ')}\nplain words\n##[warning]w\n##[error]words\nnot ok 1\n`);
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 375]) {
        await open({ colorScheme, viewport: { width, height: 800 }, bypassCSP: true });
        for (const path of [`/jobs/${id}/log?q=words`, `/builds/${id.split('-')[0]}?q=o&only=1`]) {
          await page.goto(path);
          await page.getByText(/^1 of \d$/).waitFor();
          if (width === 1280) await page.getByRole('button', { name: 'Wrap' }).click();
          await page.addScriptTag({ content: axe.source });
          const found = await page.evaluate('axe.run(document)');
          const { violations } = found as {
            violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
          };
          expect(
            violations.map(({ id, nodes }) => [id, nodes[0]?.failureSummary]),
            `${path} ${colorScheme} ${width}`,
          ).to.deep.equal([]);
        }
      }
    }
  });
});
