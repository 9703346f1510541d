import axe from 'axe-core';
import { expect } from 'chai';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { addRepository } from '../../src/observer/add.ts';
import { listActions } from '../../src/record/audit-search.ts';
import { listBuilds } from '../../src/record/builds.ts';
import { changeRepository } from '../../src/record/repositories.ts';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { volt } from '../support/cli.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { ActingSite } from './acting-site.ts';
import { bodyOf, type Site } from './site.ts';

const release = `
name: Release
on:
  workflow_dispatch:
    inputs:
      version: {required: true, description: 'What to release, <b>bold</b>'}
      level: {type: choice, options: [minor, major], default: minor}
      dry: {type: boolean, default: true}
      retries: {type: number, default: 3}
      target: {type: environment}
jobs:
  release: {runs-on: nobody, steps: [{run: echo}]}
`;
const files = {
  '.github/workflows/release.yml': release,
  '.github/workflows/test.yml': 'on: push\njobs: {test: {runs-on: nobody, steps: [{run: echo}]}}\n',
  '.github/workflows/broken.yml': 'on: push\njobs: {test: {steps: [{run: echo}]}}\n',
};

describe('web: a build that a person starts', () => {
  let acting: ActingSite;
  let site: Site;
  let cookie: string;
  const repository = new TestRepository(files, { name: 'app' });
  repository.git('branch', 'old');
  repository.commit('Rename an input', {
    '.github/workflows/release.yml': release.replace('version:', 'number:'),
  });

  before(async () => {
    acting = await ActingSite.start();
    site = acting.site;
    cookie = await site.signIn();
    await addRepository(site.context, { url: repository.path, pollSeconds: 3600 });
    await site.repository('other');
    await until('its first commit is seen', async () => (await site.json('/api/v1/builds?repo=app')).builds.length > 0);
  });
  after(async () => {
    await acting.stop();
    repository.remove();
  });

  /** The form, when an observer has read the workflows. */
  async function form(query = ''): Promise<string> {
    let page = '';
    await until('the workflows are read', async () => {
      page = await site.page(`/repos/app/build${query}`, { cookie });
      return !page.includes('Reading its workflows');
    });
    return page;
  }
  /** The address of the build that was made, or the page that says why there is none; a slow stage makes it wait. */
  async function outcome(answer: Response): Promise<string> {
    const to = answer.headers.get('location') ?? '';
    if (!to.startsWith('/requests/')) return to || answer.text();
    let found = '';
    await until('the request is done', async () => {
      const next = await site.ask(to, { headers: { cookie, accept: 'text/html' } });
      found = next.headers.get('location') ?? (await next.text());
      return !found.includes('Waiting for the build');
    });
    return found;
  }
  const start = (fields: Record<string, string>) => acting.submit('/repos/app/build', fields, cookie);
  const authorization = () => ({ headers: { authorization: `Bearer ${site.token}` } });
  const chosen = '.github/workflows/release.yml';

  it('has a form with the workflows of the chosen ref and their inputs', async () => {
    const page = await form(`?workflow=${chosen}`);
    expect(page)
      .to.match(/aria-current="true"[^>]*>Release/)
      .and.include('What a push runs');
    expect(page).to.match(/<input[^>]*name="input:number"[^>]*required/);
    expect(page).to.include('What to release, &lt;b&gt;bold&lt;/b&gt;').and.not.include('<b>bold');
    expect(page)
      .to.match(/<option value="minor" selected="">/)
      .and.include('<option value="major">');
    expect(page).to.match(/type="checkbox"[^>]*name="input:dry"[^>]*checked/);
    expect(page).to.match(/name="input:retries" value="3" type="number"/);
    expect(page).to.match(/<datalist[^>]*><option value="main">/);
    expect(page, 'another file').to.include('broken.yml is invalid');
    expect(await form(`?ref=old&workflow=${chosen}`))
      .to.include('name="input:version"')
      .and.not.include('input:number');
  });

  it('says beside the ref that it does not exist', async () => {
    expect(await form('?ref=nowhere')).to.match(/aria-invalid="true"[\s\S]*id="field-ref-problem"[^>]*>[^<]*nowhere/);
    expect(await form('?ref=--upload-pack')).to.match(/id="field-ref-problem"[^>]*>[^<]*cannot be the name/);
    expect(await form('?workflow=gone.yml')).to.match(/no workflow <code>gone.yml<\/code> that can be started/);
  });

  it('shows the form again with what is wrong beside each field, and what the person has filled in', async () => {
    const answer = await start({
      ref: '',
      workflow: chosen,
      ...{
        'input:number': '',
        'input:level': 'huge',
        'input:retries': 'many',
        'input:dry': 'false',
        'input:numbr': 'x',
      },
    });
    expect(answer.status).to.equal(400);
    const page = await answer.text();
    expect(page).to.match(/id="field-input-3a-number-problem"[^>]*>the input &quot;number&quot; is required/);
    expect(page).to.match(/level-problem"[^>]*>the input &quot;level&quot; must be one of minor, major/);
    expect(page).to.match(/retries-problem"[^>]*>the input &quot;retries&quot; must be a number/);
    expect(page).to.include('name="input:retries" value="many"');
    expect(page).to.include('did you mean &quot;number&quot;');
    expect(page)
      .to.match(/type="checkbox"[^>]*name="input:dry"/)
      .and.not.match(/name="input:dry"[^>]*checked/);
  });

  it('looks at no more inputs than a request may have', async () => {
    const inputs = Array.from({ length: 26 }, (_, index) => [`input:numbe${index}`, 'x']);
    const answer = await start({ ref: '', workflow: chosen, ...Object.fromEntries(inputs) });
    expect(answer.status).to.equal(400);
    const page = await answer.text();
    expect(page).to.include('more than 25 inputs').and.not.include('does not exist');
  });

  it('leads to the page of the build, whose log of actions says who started it', async () => {
    const fields = { 'input:number': '1.2', 'input:level': 'major', 'input:dry': 'false', 'input:retries': '1' };
    const answer = await start({ ref: '', workflow: chosen, ...fields });
    expect(answer.status).to.equal(303);
    const build = await site.json(`/api/v1${await outcome(answer)}`);
    expect(build).to.deep.include({ trigger: 'manual', ref: 'refs/heads/main' });
    expect(build.jobs.map(({ name }: { name: string }) => name)).to.deep.equal(['release']);
    const plain = await start({ ref: 'old', workflow: '' });
    const { ref, jobs } = await site.json(`/api/v1${await outcome(plain)}`);
    expect(ref).to.equal('refs/heads/old');
    expect(jobs.map(({ name }: { name: string }) => name)).to.include('test');
    const [entry] = await listActions(site.context.database, { action: 'repos.trigger', limit: 1 });
    expect(entry).to.include({ actor: 'owner', target: 'app', status: 303 });
  });

  it('is refused by the dispatcher where the ref has no such workflow, and the form says why', async () => {
    const answer = await start({ ref: 'old', workflow: 'gone.yml' });
    expect(await outcome(answer)).to.include('the commit has no workflow &quot;gone.yml&quot;');
  });

  it('runs the command of a repository that has one', async () => {
    await changeRepository(site.context.database, 'app', { command: 'make <x>' });
    try {
      const page = await form();
      expect(page).to.include('make &lt;x&gt;').and.not.include('What a push runs');
      expect((await start({ ref: '', workflow: chosen })).status).to.equal(409);
    } finally {
      await changeRepository(site.context.database, 'app', { command: null });
    }
  });

  it('needs a token that may start builds of the repository, and a form of a page of Volt', async () => {
    const token = async (more: object) =>
      (await bodyOf(await site.post('/api/v1/tokens', { name: `t${Math.random()}`.replace('.', ''), ...more }))).token;
    const anonymous = await site.fetch('/repos/app/build?ref=old', { headers: { accept: 'text/html' } });
    expect(anonymous.headers.get('location')).to.equal('/sign-in?next=%2Frepos%2Fapp%2Fbuild%3Fref%3Dold');
    for (const more of [{ role: 'read' }, { role: 'approve', repos: ['other'] }]) {
      const headers = { cookie: await site.signIn(await token(more)), accept: 'text/html' };
      expect((await site.ask('/repos/app/build', { headers })).status, JSON.stringify(more)).to.equal(403);
      const sent = await acting.submit('/repos/app/build', { ref: '', workflow: '' }, headers.cookie);
      expect(sent.status).to.equal(403);
    }
    const forged = { cookie, 'sec-fetch-site': 'cross-site' };
    const body = new URLSearchParams({ ref: '', workflow: '' });
    expect((await site.ask('/repos/app/build', { method: 'POST', headers: forged, body })).status).to.equal(401);
  });

  it('lists the workflows by the API and the command, also to programs', async () => {
    const found = await site.json('/api/v1/repos/app/workflows?ref=old', authorization());
    expect(found).to.include({ ref: 'refs/heads/old' });
    expect(found.workflows).to.have.lengthOf(1);
    expect(found.workflows[0].inputs[1]).to.deep.equal({
      ...{ name: 'level', type: 'choice', description: null, required: false },
      ...{ default: 'minor', options: ['minor', 'major'] },
    });
    const missing = await site.fetch('/api/v1/repos/app/workflows?ref=nowhere', authorization());
    expect([missing.status, (await bodyOf(missing)).error.code]).to.deep.equal([404, 'commit_missing']);
    const listed = await volt(['trigger', 'app', 'old', '--list', '--data', site.context.config.dataDir]);
    expect(listed.stdout, listed.stderr)
      .to.match(/^app old [0-9a-f]{7}\n\nRelease \.github\/workflows\/release\.yml\n/)
      .and.include('--input level=… (one of minor, major; default "minor")');
  });

  describe(`in a browser${withoutBrowser}`, () => {
    let browser: Browser;
    let context: BrowserContext;
    let page: Page;
    before(async function () {
      const started = await startBrowser();
      if (!started) return this.skip();
      browser = started;
      for (const query of ['', '?ref=old', '?ref=odl']) await form(query);
      // on a slow machine they would be read again, and the page loaded again meanwhile
      const later = { asked_at: Date.now() + 3_600_000, answered_at: Date.now() + 3_600_000 };
      await site.context.database.db.updateTable('startable').set(later).execute();
    });
    after(async () => browser?.close());
    afterEach(async () => context?.close());

    async function open(options: BrowserContextOptions): Promise<void> {
      context = await browser.newContext({ baseURL: site.privateUrl, ...options });
      const [name = '', value = ''] = cookie.split('=');
      await context.addCookies([{ name, value, url: site.privateUrl }]);
      page = await context.newPage();
      await page.goto('/repos/app');
    }

    /** Presses Tab until the element has the focus. */
    async function reach(target: Locator): Promise<void> {
      const has = () => target.and(page.locator(':focus')).isVisible();
      for (let count = 0; count < 60 && !(await has()); count++) await page.keyboard.press('Tab');
      expect(await has(), String(target)).to.equal(true);
    }

    it('is started by the keyboard alone, with an input that is corrected, on a phone in the dark', async () => {
      await open({ viewport: { width: 375, height: 700 }, colorScheme: 'dark' });
      await reach(page.getByRole('link', { name: 'Build now' }));
      await page.keyboard.press('Enter');
      await reach(page.getByLabel('Branch, tag or commit'));
      await page.keyboard.press('Control+a');
      await page.keyboard.type('old');
      await page.keyboard.press('Enter');
      await reach(page.getByRole('link', { name: /Release/ }));
      await page.keyboard.press('Enter');
      await reach(page.getByLabel('version (required)'));
      expect(await violations(page)).to.deep.equal([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(375);
      await page.keyboard.type('2.0');
      await reach(page.getByLabel('level'));
      await page.keyboard.press('ArrowDown');
      await reach(page.getByLabel('dry'));
      await page.keyboard.press('Space');
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/builds\/\d+$/);
      const [build] = await listBuilds(site.context.database, { repo: 'app', limit: 1 });
      expect(page.url()).to.match(new RegExp(`/builds/${build?.id}$`));
      const inputs = await startedWith(build?.id);
      expect(inputs).to.deep.equal({ version: '2.0', level: 'major', dry: 'false', retries: '3', target: '' });
    });

    it('is started without a script, and a wrong input is shown beside its field', async () => {
      await open({ javaScriptEnabled: false });
      await page.goto(`/repos/app/build?workflow=${chosen}`);
      await page.getByLabel('number (required)').fill('7');
      await page.getByLabel('retries').fill('2');
      await page.getByRole('button', { name: 'Run workflow' }).click();
      await page.waitForURL(/\/builds\/\d+$/);
      await page.goto('/repos/app/build');
      await page.getByLabel('Branch, tag or commit').fill('odl');
      await page.getByRole('button', { name: 'Choose' }).click();
      expect(await page.getByLabel('Branch, tag or commit').getAttribute('aria-invalid')).to.equal('true');
      expect(await page.getByRole('button', { name: 'Build now' }).count()).to.equal(0);
    });
  });

  /** The inputs of the event that has started a build. */
  async function startedWith(build: string | undefined): Promise<unknown> {
    const { db } = site.context.database;
    const row = await db
      .selectFrom('intents')
      .select('event')
      .where('made_build', '=', Number(build))
      .executeTakeFirstOrThrow();
    return JSON.parse(row.event ?? '{}').inputs;
  }
});

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = (await page.evaluate('axe.run({ resultTypes: ["violations"] })')) as axe.AxeResults;
  return found.violations.map(({ id }) => id);
}
