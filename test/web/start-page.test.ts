import { expect } from 'chai';
import type { FinalStatus } from '../../src/kernel/model.ts';
import { noteObserved } from '../../src/record/observations.ts';
import { job, Site } from './site.ts';

const textOf = (page: string) => page.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
/** The names of the repositories, in the order of the page. */
const order = (page: string) => [...page.matchAll(/id="repo-([^"]*)"/g)].map(([, name]) => name);

describe('web: the start page', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
  });
  after(() => site.stop());

  const observed = async (name: string) => {
    await site.repository(name);
    await noteObserved(site.context.database, name, { defaultBranch: 'main', notice: null });
  };
  const ended = async (repo: string, status: FinalStatus, more: Parameters<Site['build']>[1] = {}) => {
    const id = await site.build(repo, more);
    const outcome = { status, reason: status === 'success' ? null : ('exit_code' as const), message: null };
    await site.finish({ job: job(id), attempt: 1 }, outcome);
    return id;
  };
  const choose = (fields: { [name: string]: string }, cookie = '', headers = {}) =>
    site.fetch('/preferences', {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { origin: site.url, cookie, ...headers },
    });

  it('says what to do while there is no repository', async () => {
    expect(textOf(await site.page('/')))
      .to.include('No repositories')
      .and.include('you have to sign in to see them');
    const signedIn = await site.page('/', { cookie: await site.signIn() });
    expect(textOf(signedIn)).to.include('No repositories yet').and.include('repo add NAME PATH-OR-URL');
  });

  it('shows failing branches first, with who broke them since when, and what runs', async () => {
    for (const name of ['apple', 'banana', 'cherry']) await observed(name);
    await ended('apple', 'success');
    await ended('cherry', 'success', { subject: 'Was fine' });
    const culprit = await ended('cherry', 'failure', { subject: 'Drop the stone', author: 'Grace Hopper' });
    const last = await ended('cherry', 'failure', { subject: 'Paint it' });
    await ended('cherry', 'failure', { subject: 'Elsewhere', ref: 'refs/heads/other' });
    const running = await site.build('apple', { ref: 'refs/heads/other' });
    await site.begin({ job: job(running), attempt: 1 });
    const page = await site.page('/');
    expect(order(page)).to.deep.equal(['cherry', 'apple', 'banana']);
    const text = textOf(page);
    expect(text).to.match(/1 of 3 failing 1 running/);
    expect(text).to.match(
      /failed cherry main .*a command failed: its exit code was not 0 Broken since #2 Drop the stone/,
    );
    expect(text).to.include('Grace Hopper').and.not.include('Elsewhere');
    expect(page).to.include('<title>✗ Start').and.include('icon-failure.svg');
    expect(await site.page('/repos/cherry'))
      .to.include('<title>✗ cherry')
      .and.include('icon-failure.svg');
    expect(page).to.match(new RegExp(`class="failure" href="/builds/${culprit}" title="#2 failed: Drop the stone"`));
    expect(page.indexOf(`href="/builds/${culprit}"`)).to.be.below(page.indexOf(`href="/builds/${last}"`));
    expect(text).to.match(/passed apple main .*#1 Change \d+ .*1 running/);
    expect(text).to.match(/no builds banana/);
  });

  it("shows a reader's favourites before the others, kept in a cookie", async () => {
    const answer = await choose({ star: 'banana', next: '/?page=1' });
    expect([answer.status, answer.headers.get('location')]).to.deep.equal([303, '/?page=1']);
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(answer.headers.get('set-cookie')).to.match(/HttpOnly; SameSite=Lax/);
    const page = await (await site.fetch('/', { headers: { cookie } })).text();
    expect(order(page)).to.deep.equal(['banana', 'cherry', 'apple']);
    expect(page).to.include('Remove banana from your favourites');
    const builds = textOf(await (await site.fetch('/builds?favourites=1', { headers: { cookie } })).text());
    expect(builds).to.include('No builds of your favourites');
    const removed = await choose({ unstar: 'banana', next: '/' }, cookie);
    expect(removed.headers.get('set-cookie')).to.match(/^volt_favourites=; Max-Age=0/);
  });

  it('shows the problems of Volt until the reader puts them away, and again with another problem', async () => {
    const first = await site.page('/');
    expect(first).to.include('data-code="no_observer"');
    const [, putAway = ''] = /name="putAway" value="([^"]*)"/.exec(first) ?? [];
    const answer = await choose({ putAway, next: '/builds' });
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect(answer.headers.get('set-cookie')).to.include('Max-Age=86400');
    for (const path of ['/', '/builds']) {
      const page = await site.page(path, { cookie });
      expect(page).to.not.include('data-code=');
      expect(textOf(page)).to.match(/\d+ problems? put away/);
    }
    expect(await site.page('/runners', { cookie })).to.include('data-code="no_observer"');
    const problem = { code: 'disk_low', message: 'the disk is full', remedy: 'Make space.' };
    await site.runner('r1', { problems: [problem] });
    expect(await site.page('/', { cookie }))
      .to.include('data-code="no_observer"')
      .and.include('the disk is full');
    expect(await site.page('/', { cookie: 'volt_put_away=x' })).to.include('data-code="no_observer"');
  });

  it('takes choices only from its own pages, and only what can be one', async () => {
    expect((await choose({ star: 'apple' }, '', { origin: 'https://evil.example' })).status).to.equal(401);
    for (const fields of [{ star: '<script>' }, { density: 'none' }, { star: 'a b' }])
      expect((await choose(fields)).headers.get('set-cookie'), JSON.stringify(fields)).to.equal(null);
    expect((await choose({ next: 'https://evil.example/' })).headers.get('location')).to.equal('/');
    const cookie = `volt_favourites=${encodeURIComponent('<b>x</b> ../.. apple')}; volt_me=%FF`;
    const page = await (await site.fetch('/', { headers: { cookie } })).text();
    expect(order(page)[0]).to.equal('apple');
    expect(page).to.not.include('<b>x</b>');
  });

  it('asks the database as often for many repositories as for a few', async () => {
    const executor = site.context.database.db.getExecutor();
    const execute = executor.executeQuery.bind(executor);
    let asked = 0;
    executor.executeQuery = (query) => {
      asked++;
      return execute(query);
    };
    try {
      const count = async () => {
        asked = 0;
        await site.page('/');
        return asked;
      };
      const few = await count();
      for (let number = 0; number < 20; number++) {
        await observed(`more-${number}`);
        await ended(`more-${number}`, 'failure');
      }
      expect(await count()).to.equal(few);
    } finally {
      executor.executeQuery = execute;
    }
  });
});
