import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { newStep } from '../../src/kernel/model.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { recordSteps } from '../../src/record/recorded-steps.ts';
import { recordTests } from '../../src/record/test-results.ts';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { noFailure } from '../support/test-result.ts';
import { until } from '../support/until.ts';
import { job, Site } from './site.ts';

describe(`web: in a browser${withoutBrowser}`, () => {
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
    await site.repository('sample');
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
  });
  beforeEach(async () => {
    complaints = [];
    context = await browser.newContext({ baseURL: site.privateUrl });
    page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' || /Content Security Policy/.test(message.text())) complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(site.privateUrl) && !request.url().startsWith('data:'))
        complaints.push(`asked for ${request.url()}`);
    });
  });
  /** The browser has signed in. */
  async function signedIn() {
    const [name = '', value = ''] = (await site.signIn()).split('=');
    await context.addCookies([{ name, value, url: site.privateUrl }]);
  }

  afterEach(async () => {
    await context.close();
    expect(complaints).to.deep.equal([]);
  });

  it('an update keeps focus and scroll position', async () => {
    const names = Array.from({ length: 40 }, (_, index) => ({ name: `cell ${index}` }));
    const first = await site.build('sample', { subject: 'Stays' }, names);
    await page.goto('/builds?repo=sample&view=grid');
    await page.getByRole('link', { name: /Stays/ }).focus();
    await page.evaluate("document.querySelector('.grid-frame').scrollLeft = 200");
    const next = await site.build('sample', { subject: 'Comes in above' }, names);
    await site.announce(next, 'sample', 'queued');
    await page.getByRole('link', { name: '1 new build' }).waitFor();
    expect(await focused(page)).to.include('Stays');
    expect(await page.evaluate("document.querySelector('.grid-frame').scrollLeft")).to.equal(200);
    await page.goto(`/builds/${first}`);
    await page.locator(`#job-${first}-7`).focus();
    await site.begin({ job: job(first, 7), attempt: 1 });
    await site.announce(first, 'sample', 'running');
    await page.locator(`#job-${first}-7 .dot.running`).waitFor();
    expect(await focused(page)).to.include('cell 6');
  });

  it('a page shows that Volt does not answer, until it answers again', async () => {
    await page.goto('/runners');
    await page.route('**/runners', (route) => route.abort());
    await page.getByText('Volt does not answer; this page may be out of date').waitFor();
    await page.unroute('**/runners');
    await page.locator('#offline:empty').waitFor({ state: 'attached' });
    complaints = complaints.filter((complaint) => !complaint.includes('net::ERR_FAILED'));
  });

  it('a log has its search and its tools in one line beside the jobs', async () => {
    const id = await site.build('sample', {}, [{ name: 'lint' }, { name: 'unit' }]);
    await site.begin({ job: job(id), attempt: 1 });
    await site.appendLog({ job: job(id), attempt: 1 }, 'checked\n');
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(`/builds/${id}`);
    await page.getByRole('button', { name: 'Wrap' }).waitFor();
    const top = (part: string) => page.evaluate<number>(`document.querySelector('${part}').offsetTop`);
    expect(await top('.log-tools')).to.be.closeTo(await top('.log-search'), 5);
    for (const position of [1, 2]) await site.finish({ job: job(id, position), attempt: 1 });
  });

  it('a person drains a runner and resumes it by keyboard, and the page follows it', async () => {
    const running = [`${job(await site.build('sample'))}.1`];
    await site.runner('r1', { drained: false, running });
    await signedIn();
    await page.goto('/runners');
    await page.getByRole('link', { name: 'r1' }).focus();
    await page.keyboard.press('Enter');
    const reason = page.getByLabel('Reason for draining');
    await reason.focus();
    await page.keyboard.type('new d');
    await site.runner('r1', { drained: false, running, slots: 7 });
    await page.getByText('1 of 7').waitFor();
    expect(await reason.inputValue(), 'an update leaves what is typed').to.equal('new d');
    await page.keyboard.type('isk');
    await page.keyboard.press('Enter');
    await page.getByText('draining (1 job)').waitFor();
    await page.getByText(/drained by owner, .*: new disk/).waitFor();
    await site.runner('r1', { drained: true });
    await page.getByText('drained', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Drain' }).waitFor();
    await site.runner('r1', { drained: false });
    await page.getByText('ready', { exact: true }).waitFor();
  });

  it('a person drains a runner and reads the queues on a phone, dark, without scripts', async () => {
    await site.runner('r1', { drained: true });
    const dark = { javaScriptEnabled: false, viewport: { width: 375, height: 812 }, colorScheme: 'dark' as const };
    const phone = await browser.newContext({ baseURL: site.privateUrl, ...dark });
    const [name = '', value = ''] = (await site.signIn()).split('=');
    await phone.addCookies([{ name, value, url: site.privateUrl }]);
    const plain = await phone.newPage();
    await plain.goto('/runners/r1');
    await plain.getByRole('button', { name: 'Drain' }).click();
    await plain.getByText('drained', { exact: true }).waitFor();
    await plain.getByRole('button', { name: 'Resume' }).click();
    await plain.getByRole('button', { name: 'Drain' }).waitFor();
    await plain.getByRole('link', { name: 'Runners' }).first().click();
    await plain.getByRole('link', { name: '24 hours' }).click();
    await plain.getByRole('link', { name: 'Internals' }).click();
    await plain.getByText('New commits, which a dispatcher turns into builds.').waitFor();
    for (const path of ['/runners', '/runners/r1', '/internals']) {
      await plain.goto(path);
      const wide = await plain.evaluate('document.documentElement.scrollWidth');
      expect(wide, path).to.be.at.most(375);
    }
    await phone.close();
  });

  it("a build's page and log follow the build from queued to its result", async () => {
    const id = await site.build('sample', { subject: 'Watch me' });
    const ref = { job: job(id), attempt: 1 };
    await page.goto('/builds');
    await page.getByRole('row', { name: /queued sample#\d+ Watch me/ }).waitFor();
    await site.begin(ref);
    await site.announce(id, 'sample', 'running');
    await page.getByRole('row', { name: /running sample/ }).waitFor();

    await page.goto(`/builds/${id}`);
    await page.getByText('following').waitFor();
    await site.appendLog(
      ref,
      'compiling\n\u001b[32mpassed\u001b[0m <b>not bold</b><script>document.title = "owned"</script>',
    );
    await page.locator('.log').getByText('compiling').waitFor();
    const log = page.locator('.log');
    expect(await log.locator('.f2').textContent()).to.equal('passed');
    expect(await log.textContent()).to.include('<b>not bold</b><script>document.title = "owned"</script>');
    expect(await page.title()).to.not.equal('owned');

    const at = new Date().toISOString();
    await recordSteps(site.context.database, ref, 1, [{ ...newStep('make test'), status: 'running', startedAt: at }]);
    await site.announce(id, 'sample', 'running');
    await page
      .locator('#job .steps li')
      .filter({ hasText: /running *make test/ })
      .waitFor();

    await site.appendLog(ref, ' and the end\n');
    await site.finish(ref, { status: 'failure', reason: 'exit_code', message: 'make test exited with code 2' });
    await site.announce(id, 'sample', 'failure');
    await page.getByText(/Failed after .*: make test exited with code 2\./).waitFor();
    await log.getByText('and the end').waitFor();
    await page.getByText('following').waitFor({ state: 'hidden' });
  });

  it('a person looks at one job after the other, by mouse and by keyboard, without loading the page again', async () => {
    const id = await site.build('sample', {}, [{ name: 'lint' }, { name: 'unit (1)' }, { name: 'unit (2)' }]);
    for (const [position, name] of ['lint', 'one', 'two'].entries()) {
      const ref = { job: job(id, position + 1), attempt: 1 };
      await site.appendLog(ref, `output of ${name}\n`);
      const outcome = name === 'two' ? ({ status: 'failure', reason: 'exit_code' } as const) : {};
      await site.finish(ref, outcome);
    }
    await page.goto(`/builds/${id}`);
    const jobs = page.getByRole('navigation', { name: 'Jobs', exact: true });
    const log = page.locator('.log');
    await log.getByText('output of two').waitFor();
    await page.evaluate('window.loadedOnce = true');
    await jobs.getByRole('link', { name: 'lint' }).click();
    await log.getByText('output of lint').waitFor();
    await page.getByRole('heading', { name: 'lint', exact: true }).waitFor();
    expect(new URL(page.url()).search).to.equal(`?job=${job(id)}`);
    expect(await jobs.locator('[aria-current]').textContent()).to.include('lint');
    await jobs.getByRole('link', { name: '1' }).focus();
    await page.keyboard.press('Enter');
    await log.getByText('output of one').waitFor();
    await page.goBack();
    await log.getByText('output of lint').waitFor();
    expect(await page.evaluate('window.loadedOnce')).to.equal(true);
  });

  it('a log has its steps as folds, the failed one open where it failed', async () => {
    const id = await site.build('sample');
    const ref = { job: job(id), attempt: 1 };
    const parts = ['preparing\n', 'added a\nadded b\n', 'ok 1\nnot ok 2 - joins\nok 3\n'];
    await site.appendLog(ref, parts.join(''));
    const at = new Date().toISOString();
    const step = (name: string, logStart: number, logEnd: number, status: 'success' | 'failure') => ({
      ...{ ...newStep(name), status, startedAt: at, finishedAt: at, logStart, logEnd },
    });
    const [first, second, third] = [10, 26, 26 + (parts[2]?.length ?? 0)];
    const steps = [step('Install', first, second, 'success'), step('Test', second, third, 'failure')];
    await site.finish(ref, { status: 'failure', reason: 'exit_code', steps });
    await page.goto(`/builds/${id}`);
    const log = page.locator('.log');
    const install = log.getByRole('button', { name: 'Install' });
    expect(await install.getAttribute('aria-expanded')).to.equal('false');
    expect(await log.locator('.row.failing').textContent()).to.include('not ok 2');
    expect(await log.getByText('added a').count()).to.equal(0);
    await install.focus();
    await page.keyboard.press('Enter');
    await log.getByText('added a').waitFor();
    expect(await focused(page)).to.include('Install');
    await page.keyboard.press('Enter');
    await log.getByText('added a').waitFor({ state: 'detached' });
    // a search opens the step of the line that it finds
    await page.getByRole('searchbox', { name: 'Search the log' }).fill('added b');
    await page.getByRole('button', { name: 'Search' }).click();
    await log.getByText('added b').waitFor();
  });

  it('an annotation leads to its line of the log, and the line to the file', async () => {
    await site.repository('linted', { project: { github: 'https://github.com/acme/linted' } });
    const id = await site.build('linted');
    const ref = { job: job(id), attempt: 1 };
    const before = Array.from({ length: 400 }, (_, number) => `line ${number}\n`).join('');
    const log = `${before}##[error]no such name\n${before}`;
    await site.appendLog(ref, log);
    const at = new Date().toISOString();
    const place = { file: 'src/a.js', line: 7, endLine: null, column: null, endColumn: null };
    const found = { level: 'error' as const, title: null, message: 'no such name', ...place, logStart: before.length };
    const its = { startedAt: at, finishedAt: at, logStart: 0, logEnd: log.length, annotations: [found] };
    const steps = [{ ...newStep('Lint'), status: 'success' as const, ...its }];
    await site.finish(ref, { steps });
    await page.goto(`/builds/${id}`);
    const rows = page.locator('.log');
    await rows.getByText('line 399').first().waitFor();
    await page.getByRole('link', { name: 'line 401 of the log' }).click();
    await rows.locator('.row.chosen').getByText('no such name').waitFor();
    const note = rows.getByRole('link', { name: 'error src/a.js:7' });
    expect(await note.getAttribute('href')).to.match(/^https:\/\/github.com\/acme\/linted\/blob\/\w+\/src\/a.js#L7$/);
    await page.setViewportSize({ width: 375, height: 700 });
    const box = await rows.locator('.note').boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? 0)).to.be.within(0, 375);
  });

  it('the timeline of a build gives most of the width of a phone to its bars', async () => {
    const id = await site.build('sample', {}, [{ name: 'lint' }, { name: 'unit' }]);
    await page.setViewportSize({ width: 375, height: 700 });
    await page.goto(`/builds/${id}?view=timeline`);
    const bars = await page.locator('.times .row svg').first().boundingBox();
    expect(bars?.width).to.be.above(375 / 2);
  });

  it('a failed test leads to its line of the log and to its history, with and without scripts', async () => {
    await site.repository('tested', { project: { github: 'https://github.com/acme/tested' } });
    const id = await site.build('tested', {}, [{ name: 'lint' }, { name: 'unit' }]);
    const ref = { job: job(id, 2), attempt: 1 };
    const said = { message: 'AssertionError: expected 120 to equal 0.012', details: 'at parse\n  in node' };
    const place = { text: 'at test/number.test.js:41:7', file: 'test/number.test.js', line: 41 };
    await recordTests(site.context.database, ref, 1, [
      {
        ...{ suite: 'numbers', name: 'keeps an exponent', file: null, status: 'failed', duration: 2, ...said },
        ...{ expected: '0.012', actual: '120', stack: [place] },
      },
    ]);
    const noise = Array.from({ length: 600 }, (_, number) => `ok ${number}\n`).join('');
    await site.appendLog(ref, `${noise}not ok - keeps an exponent\n${noise}`);
    const tests = { passed: 0, failed: 1, skipped: 0, total: 1, listed: 1 };
    await site.finish({ job: job(id), attempt: 1 });
    await site.finish(ref, { status: 'failure', reason: 'exit_code', tests });
    const plain = await browser.newContext({ baseURL: site.privateUrl, javaScriptEnabled: false });
    try {
      for (const view of [page, await plain.newPage()]) {
        await view.goto(`/builds/${id}?job=${job(id)}`);
        await view.getByRole('link', { name: 'unit', exact: true }).first().click();
        const failed = view.getByRole('region', { name: 'Failed tests' });
        await failed.getByText('expected: 0.012').waitFor();
        expect(await failed.getByText('expected 120 to equal 0.012').count()).to.equal(1);
        const source = failed.getByRole('link', { name: place.text });
        expect(await source.getAttribute('href')).to.match(/blob\/\w+\/test\/number.test.js#L41$/);
        await failed.getByRole('link', { name: 'In the log' }).focus();
        await view.keyboard.press('Enter');
        await view.locator('.log .row.chosen').getByText('not ok - keeps an exponent').waitFor();
        await failed.getByText('More').click();
        await failed.getByText('in node').waitFor();
        await failed.getByRole('link', { name: 'History' }).click();
        await view.getByRole('heading', { name: 'keeps an exponent' }).waitFor();
        await view.getByRole('link', { name: 'Failures' }).click();
        await view.getByRole('link', { name: 'In the log' }).click();
        await view.locator('.log .row.chosen').getByText('not ok - keeps an exponent').waitFor();
      }
    } finally {
      await plain.close();
    }
  });

  it('a person finds a test among thousands', async () => {
    await site.repository('thousands');
    const id = await site.build('thousands');
    const ref = { job: job(id), attempt: 1 };
    for (let from = 0; from < 5000; from += 500) {
      const results = Array.from({ length: 500 }, (_, number) => ({
        ...{ suite: `part ${(from + number) % 50} > numbers`, name: `case ${from + number}`, file: null, duration: 1 },
        ...{ ...noFailure, status: from + number === 4321 ? ('failed' as const) : ('passed' as const) },
      }));
      await recordTests(site.context.database, ref, from + 1, results);
    }
    await page.goto('/repos/thousands/tests');
    await page.getByRole('heading', { name: 'Failing' }).waitFor();
    expect(await page.locator('.test-list').first().textContent()).to.include('case 4321');
    await page.getByText('50 suites').click();
    await page.getByRole('link', { name: 'part 21 › numbers', exact: true }).click();
    expect(await page.locator('.test-list li').count()).to.equal(100);
    await page.getByRole('searchbox', { name: 'Suite or name' }).fill('case 4021');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'case 4021' }).waitFor();
    expect(await page.locator('.test-list li').count()).to.equal(1);
  });

  it('times are in the time zone of the reader, and a button copies the commit id', async () => {
    const id = await site.build('sample');
    await site.begin({ job: job(id), attempt: 1 });
    const { startedAt, sha } = await site.json(`/api/v1/builds/${id}`);
    await context.close();
    context = await browser.newContext({ baseURL: site.privateUrl, timezoneId: 'Asia/Tokyo', locale: 'en-GB' });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: site.privateUrl });
    page = await context.newPage();
    await page.goto(`/builds/${id}`);
    const local = new Intl.DateTimeFormat('en-GB', {
      ...{ dateStyle: 'medium', timeStyle: 'medium', timeZone: 'Asia/Tokyo' },
    } as const).format(new Date(startedAt));
    await page.getByText(local).waitFor();
    await page.getByRole('button', { name: 'Copy the commit id' }).click();
    const copied = () => page.evaluate('navigator.clipboard.readText()');
    await until('the commit id is copied', async () => (await copied()) === sha);
  });

  it('the log of a further attempt replaces that of a lost one', async () => {
    const id = await site.build('sample');
    const first = { job: job(id), attempt: 1 };
    await site.begin(first);
    await site.appendLog(first, 'first try\n');
    await page.goto(`/builds/${id}`);
    await page.locator('.log').getByText('first try').waitFor();
    await moveToNextAttempt(site.context.database, first, {
      reason: 'runner_lost',
      message: 'runner is gone',
      at: Date.now(),
    });
    const second = { job: job(id), attempt: 2 };
    await site.begin(second, { id: 'r2~1', name: 'r2', host: 'other' });
    await site.announce(id, 'sample', 'running');
    await page.getByText('Attempt 1 on r1: runner is gone; retried as attempt 2').waitFor();
    await site.appendLog(second, 'second try\n');
    await page.locator('.log').getByText('second try').waitFor();
    expect(await page.locator('.log').textContent()).to.not.include('first try');
  });

  it('a log of a million lines is searched, read and followed in a page that stays small', async () => {
    const id = await site.build('sample');
    const ref = { job: job(id), attempt: 1 };
    await site.begin(ref);
    const lines = Array.from({ length: 1_000_000 }, (_, number) => `line ${number + 1} of many\n`);
    lines[654_320] = 'the \u001b[31mneedle\u001b[0m in it\n';
    await site.appendLog(ref, lines.join(''));
    await page.goto(`/builds/${id}`);
    const log = page.locator('.log');
    await log.getByText('line 1000000 of many').waitFor();
    await page.getByRole('searchbox', { name: 'Search the log' }).fill('THE needle');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('1 of 1', { exact: true }).waitFor();
    await log.locator('.row.at').getByText('the needle in it').waitFor();
    expect(await log.locator('.row.at .ln').getAttribute('data-n')).to.equal('654321');
    await log.getByRole('link', { name: 'line 654319', exact: true }).click();
    await log.getByRole('link', { name: 'line 654323', exact: true }).click({ modifiers: ['Shift'] });
    expect(page.url()).to.match(/\?job=[\d-]+&attempt=1&q=THE\+needle#L654319-L654323$/);
    await page.reload();
    await log.getByText('line 654323 of many').waitFor();
    expect(await log.locator('.row.chosen').count()).to.equal(5);
    await page.getByRole('button', { name: 'End', exact: true }).click();
    await site.appendLog(ref, 'and one more\n');
    await log.getByText('and one more').waitFor();
    expect(await log.locator('.row').count()).to.be.below(200);
    expect(await log.locator('.row .ln').last().getAttribute('data-n')).to.equal('1000001');
  });

  it('each line shows when it arrived, if times are switched on', async () => {
    const id = await site.build('sample');
    const ref = { job: job(id), attempt: 1 };
    await site.begin(ref);
    await page.goto(`/builds/${id}`);
    await page.getByText('following').waitFor();
    await site.appendLog(ref, 'just now\n');
    const row = page.locator('.log .row', { hasText: 'just now' });
    await row.waitFor();
    await page.getByRole('button', { name: 'Times' }).click();
    await row.locator('.at-time').waitFor();
    expect(await row.locator('.at-time').getAttribute('data-time')).to.match(/^\d\d:\d\d:\d\d\.\d$/);
  });

  it('groups of a log fold', async () => {
    const id = await site.build('sample');
    const ref = { job: job(id), attempt: 1 };
    await site.begin(ref);
    await site.appendLog(ref, 'before\n##[group]Install\nadded a\nadded b\n##[endgroup]\nafter\n');
    await site.finish(ref);
    await page.goto(`/builds/${id}`);
    const log = page.locator('.log');
    const fold = log.getByRole('button', { name: 'lines of this group' });
    await fold.click();
    await log.getByText('added a').waitFor({ state: 'detached' });
    expect(await log.locator('.ln').evaluateAll((all) => all.map((one) => one.getAttribute('data-n')))).to.deep.equal([
      ...['1', '2', '6'],
    ]);
    expect(await fold.getAttribute('aria-expanded')).to.equal('false');
    await fold.click();
    await log.getByText('added b').waitFor();
  });

  it('text that a person types into a filter stays while builds change', async () => {
    await page.goto('/builds');
    await page.getByText('Filter', { exact: true }).click();
    await page.getByLabel('Branch').fill('half a na');
    const id = await site.build('sample', { subject: 'Came meanwhile' });
    await site.announce(id, 'sample', 'queued');
    await page.getByText('Came meanwhile').waitFor();
    expect(await page.getByLabel('Branch').inputValue()).to.equal('half a na');
  });

  it('a person signs in, cancels a build, and signs out', async () => {
    const id = await site.build('sample');
    await page.goto(`/builds/${id}`);
    await page.getByRole('link', { name: 'Sign in' }).last().click();
    await page.getByLabel('Token').fill(site.token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Cancel build' }).click();
    await page.waitForURL(`**/builds/${id}`);
    const intents = await site.context.database.db
      .selectFrom('intents')
      .selectAll()
      .where('build_id', '=', Number(id))
      .execute();
    expect(intents).to.have.lengthOf(1);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
  });

  it('a person finds a failed build by its author and text, and retries one of its jobs', async () => {
    const id = await site.build('sample', { author: 'Hedy', subject: 'Hop frequencies' }, [
      { name: 'a' },
      { name: 'b' },
    ]);
    await site.finish({ job: job(id, 1), attempt: 1 });
    await site.finish({ job: job(id, 2), attempt: 1 }, { status: 'failure', reason: 'exit_code' });
    await page.goto('/sign-in');
    await page.getByLabel('Token').fill(site.token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.goto('/builds');
    await page.getByText('Filter', { exact: true }).click();
    await page.getByLabel('Author').fill('hedy');
    await page.getByLabel('Commit').fill('frequen');
    await page.getByLabel('Status').selectOption('failed');
    await page.getByRole('button', { name: 'Add filter' }).click();
    await page.waitForURL((url) => url.searchParams.get('author') === 'hedy');
    await page.locator('table.builds a.row-link').waitFor();
    expect(await page.locator('table.builds tbody tr').count()).to.equal(1);
    await page.locator('table.builds a.row-link').click();
    await page.getByRole('button', { name: 'Retry job b', exact: true }).click();
    await page.waitForURL(`**/builds/${id}?job=${job(id, 2)}`);
    const asked = await site.context.database.db
      .selectFrom('intents')
      .select(['kind', 'job_id'])
      .where('build_id', '=', Number(id))
      .execute();
    expect(asked).to.deep.equal([{ kind: 'retry', job_id: job(id, 2) }]);
  });

  it('the choice between light and dark is stored', async () => {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto('/');
    const scheme = () => page.evaluate('getComputedStyle(document.documentElement).colorScheme');
    expect(await scheme()).to.equal('light dark');
    await page.getByRole('button', { name: 'Switch between light and dark' }).click();
    expect(await scheme()).to.equal('dark');
    await page.goto('/runners');
    expect(await scheme()).to.equal('dark');
  });

  it('the queue board shows a message', async () => {
    await signedIn();
    await site.context.queues.sendAdvance({ v: 1, build: '4711' as never });
    await page.goto('/runners');
    await page.getByRole('link', { name: 'Internals' }).click();
    await page.getByRole('link', { name: 'advance' }).click();
    await page.getByText('"4711"').waitFor();
  });

  it('a log with markup and control sequences shows them as text', async () => {
    const id = await site.build('sample');
    const ref = { job: job(id), attempt: 1 };
    const evil = [
      '<script>document.title = "owned"</script><img src=x onerror="document.title = 1"><svg onload=alert(1)>',
      '</pre></script><iframe src="https://evil.example/"></iframe><style>body { display: none }</style>',
      '&lt;b&gt; "quoted" \'single\' `ticked` ${injected} {{braces}}',
      '\u001b]0;owned\u0007title \u001b]8;;javascript:alert(1)\u001b\\link\u001b]8;;\u001b\\ \u001b[2J\u001b[H\u001b[31;1mred\u001b[0m',
      '\u001b]52;c;aGVsbG8=\u0007clipboard \u001bPdevice\u001b\\ \u0000\u0008\u202etni\ufeff \u001b[999999999999;5mX',
    ];
    await site.begin(ref);
    await site.appendLog(ref, `${evil.join('\n')}\n`);
    const looks = async () => {
      const log = page.locator('.log');
      await log.getByText('clipboard').last().waitFor();
      // lines are drawn anew when the page learns more of the job
      const text = await until('the log is shown', async () => {
        const shown = (await log.textContent()) ?? '';
        return evil.slice(0, 3).every((line) => shown.includes(line)) && shown;
      });
      expect(text).to.not.include('\u001b').and.not.include('aGVsbG8').and.not.include('javascript:');
      expect(await page.title()).to.match(/^. sample#/);
      const inside = 'script, img, svg, iframe, style, a[href^="javascript"], [onerror], [onload]';
      expect(await log.locator(inside).count()).to.equal(0);
      expect(await page.getByRole('heading', { level: 1 }).isVisible()).to.equal(true);
    };
    // as it comes, and as it is where it has come
    await page.goto(`/builds/${id}`);
    await looks();
    await site.appendLog(ref, `${evil.join('\n')}\nand again\n`);
    await page.locator('.log').getByText('and again').waitFor();
    await looks();
    await site.finish(ref);
    await page.goto(`/builds/${id}`);
    await looks();
    const plain = await browser.newContext({ baseURL: site.privateUrl, javaScriptEnabled: false });
    const kept = page;
    page = await plain.newPage();
    await page.goto(`/builds/${id}`);
    await looks();
    await plain.close();
    page = kept;
    // the log as a file is text, not a page
    const answer = await site.fetch(`/api/v1/jobs/${job(id)}/log`, { headers: { accept: 'text/html' } });
    expect(answer.headers.get('content-type')).to.equal('text/plain; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).to.equal('nosniff');
  });

  it('no page is wider than a phone', async () => {
    const long = 'x'.repeat(200);
    const id = await site.build('sample', { subject: long, author: long, ref: `refs/heads/${long}` }, [
      { name: long, labels: ['a'.repeat(60)] },
    ]);
    await site.begin({ job: job(id), attempt: 1 });
    await site.appendLog({ job: job(id), attempt: 1 }, `${long}${long}\n`);
    await recordTests(site.context.database, { job: job(id), attempt: 1 }, 1, [
      {
        ...{
          suite: long,
          name: long,
          file: long,
          status: 'failed',
          duration: 1,
          message: long,
          details: `${long}${long}`,
        },
        ...{ expected: `${long} 1`, actual: `${long} 2`, stack: [{ text: `at ${long}`, file: long, line: 1 }] },
      },
    ]);
    const change = { path: `.github/${long}`, status: 'changed' as const, diff: `-${long}\n+${long}\n` };
    const asked = await site.askForBuild('sample', { files: [change], more: 0 });
    await site.runner('r'.repeat(60), { labels: ['host:some-machine', 'linux', 'x64'], running: [`${job(id)}.1`] });
    await signedIn();
    await page.setViewportSize({ width: 360, height: 740 });
    const paths = [
      '/',
      '/builds',
      '/builds?repo=sample&view=grid',
      `/builds/${id}`,
      `/builds/${asked}`,
      '/repos',
      '/repos/sample',
      '/repos/sample/branches',
      '/repos/sample/charts',
      '/repos/sample/settings',
      '/runners',
      '/sign-in',
    ];
    paths.push(
      '/repos/sample/tests',
      `/repos/sample/tests/${await newestTest(site)}`,
      '/api',
      '/audit',
      '/people',
      '/access',
      '/config',
      '/forges',
      `/builds?branch=${long}`,
    );
    for (const path of paths) {
      await page.goto(path);
      expect(await page.evaluate('document.documentElement.scrollWidth'), path).to.be.at.most(360);
    }
  });
});

/** What has the focus, as text. */
function focused(page: Page): Promise<string> {
  return page.evaluate('document.activeElement.textContent');
}

/** Id of a test of the newest build that has results. */
async function newestTest(site: Site): Promise<string> {
  return (await site.json('/api/v1/repos/sample/tests?limit=1')).tests[0].id;
}
