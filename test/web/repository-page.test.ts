import { expect } from 'chai';
import { VoltError } from '../../src/kernel/errors.ts';
import { recordDeployments } from '../../src/record/deployments.ts';
import { setEnvironment } from '../../src/record/environments.ts';
import { noteObserved, noteObserveError } from '../../src/record/observations.ts';
import { setSchedules } from '../../src/record/schedules.ts';
import { job, Site } from './site.ts';

const textOf = (page: string) => page.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');

describe('web: the page of a repository', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('sample', { branches: ['main', 'release-*'], pollSeconds: 60 });
  });
  after(() => site.stop());

  const build = async (status: 'success' | 'failure' | 'error', ref = 'refs/heads/main') => {
    const id = await site.build('sample', { ref });
    await site.begin({ job: job(id), attempt: 1 });
    await site.finish({ job: job(id), attempt: 1 }, { status, reason: status === 'success' ? null : 'exit_code' });
    return id;
  };
  const badge = async (path: string) => {
    const answer = await site.fetch(path);
    return [answer.status, /<title>(.*)<\/title>/.exec(await answer.text())?.[1]];
  };

  it('has a badge "unknown" before the first result', async () => {
    expect(await badge('/badge/sample.svg?branch=main')).to.deep.equal([200, 'volt: unknown']);
    expect(await badge('/badge/nobody.svg')).to.deep.equal([404, 'volt: unknown']);
  });

  it('charts its builds, with a link from each bar to the build', async () => {
    await noteObserved(site.context.database, 'sample', { defaultBranch: 'main', notice: null });
    await build('success');
    const bad = await build('failure');
    await site.build('sample');
    const page = await site.page('/repos/sample/charts');
    expect(textOf(page))
      .to.match(/Duration median \S+ s · p95/)
      .and.match(/Waiting for a runner median \S+ s · p95/)
      .and.include('Pass rate 50 % of 2 builds');
    expect(page.match(new RegExp(`<a href="/builds/${bad}" tabindex="-1">\\s*<title>#2`, 'g'))).to.have.lengthOf(3);
    expect(textOf(await site.page('/repos/sample/settings')))
      .to.include('main, release-*')
      .and.match(/next check in (59|1 min)/);
  });

  it('charts the tests, if tests are reported, and the jobs by name', async () => {
    expect(textOf(await site.page('/repos/sample/charts'))).to.not.match(/Tests \d/);
    const id = await build('success', 'refs/heads/tested');
    const tests = { passed: 40, failed: 0, skipped: 2, total: 42, listed: 42 };
    await site.context.database.db
      .updateTable('attempts')
      .set({ tests: JSON.stringify(tests) })
      .where('job_id', '=', job(id))
      .execute();
    const text = textOf(await site.page('/repos/sample/charts'));
    expect(text)
      .to.include('Tests 42')
      .and.include('42 tests, 0 failed, 2 skipped')
      .and.match(/Duration by job .* test 3 33 %/);
  });

  it('charts the builds of a range and a branch, both in the address', async () => {
    const page = await site.page('/repos/sample/charts?range=7d&branch=tested');
    expect(textOf(page)).to.include('Pass rate 100 % of 1 build ');
    expect(page).to.include('href="/repos/sample/charts?range=20&amp;branch=tested"');
    expect(page).to.match(/href="[^"]*range=7d[^"]*" aria-current="true"/);
    // in the reader's time zone, which a cookie tells
    expect(page).to.match(/\d\d:\d\d to \d\d:\d\d UTC/);
    const local = await site.page('/repos/sample/charts?range=7d&branch=tested', { cookie: 'volt_utc_offset=330' });
    expect(local)
      .to.match(/\d\d:00 to \d\d:00[^ ]/)
      .and.not.include(' UTC');
    expect(textOf(await site.page('/repos/sample/charts?branch=none'))).to.include(
      'No build of none has a result yet.',
    );
    expect(textOf(await site.page('/repos/sample/charts?range=999999'))).to.include('Pass rate 67 % of 3 builds');
  });

  it('has the same numbers in the API', async () => {
    const { passed, failed, groups } = await site.json('/api/v1/repos/sample/statistics?range=7d&branch=main');
    expect([passed, failed, groups.length]).to.deep.equal([1, 1, 28]);
    const { error } = await site.json('/api/v1/repos/sample/statistics?range=week');
    expect(error.message).to.equal('range is neither days, such as 30d, nor a number of builds, such as 100');
    expect((await site.fetch('/api/v1/repos/nobody/statistics')).status).to.equal(404);
  });

  it('shows the newest result of a branch by a badge, skipping cancelled builds', async () => {
    expect(await badge('/badge/sample.svg')).to.deep.equal([200, 'volt: failed']);
    await build('success', 'refs/heads/other');
    expect(await badge('/badge/sample.svg?branch=other')).to.deep.equal([200, 'volt: passed']);
    const { headers } = await site.fetch('/badge/sample.svg');
    expect(headers.get('content-type')).to.equal('image/svg+xml');
    expect(headers.get('cross-origin-resource-policy')).to.equal('cross-origin');
  });

  it('says on its first page who broke the default branch, and shows the last results and builds', async () => {
    const page = await site.page('/repos/sample');
    expect(textOf(page))
      .to.match(/main queued Broken since #2 Change \d+ Ada/)
      .and.match(/#1 passed #2 failed #3 queued Latest builds/);
    expect(page).to.include('href="/builds?repo=sample"');
  });

  it('shows branches with their newest build and last results, the default branch first, stale ones folded', async () => {
    const { db } = site.context.database;
    const at = { repo: 'sample', sha: 'abcdef1'.padEnd(40, '0'), generation: 1 };
    const cursors = { 'refs/heads/main': 1, 'refs/heads/other': Date.now(), 'refs/tags/v1': 1 };
    for (const [ref, moved_at] of Object.entries(cursors))
      await db
        .insertInto('cursors')
        .values({ ...at, ref, moved_at })
        .execute();
    const text = textOf(await site.page('/repos/sample/branches'));
    expect(text)
      .to.match(/queued +main +#3.*#1 passed #2 failed #3 queued.*passed +other +#/)
      .and.match(/1 stale branch or tag without a new commit for 30 days .*not built +v1 +abcdef1/);
    expect(textOf(await site.page('/repos/sample/branches?text=OTH')))
      .to.include(' other ')
      .and.not.include(' v1 ');
    expect(textOf(await site.page('/repos/sample/branches?text=%25'))).to.include('No branch or tag matches.');
  });

  it('has its badge as Markdown with an address of Volt that others may know', async () => {
    const cookie = await site.signIn();
    const markdown = `[![Volt](${site.url}/badge/sample.svg)](${site.url}/repos/sample)`;
    for (const page of [await site.page('/repos/sample'), await site.page('/repos/sample', { cookie })])
      expect(page).to.include(`data-copy="${markdown}"`);
  });

  it('shows the next schedules and the error of the last poll', async () => {
    const entry = { workflow: '.github/workflows/night.yml', cron: '0 3 * * *', timezone: null };
    const nextAt = Date.parse('2030-01-02T03:00:00Z');
    await site.context.database.write((db) => setSchedules(db, 'sample', [{ ...entry, nextAt }]));
    const error = new VoltError('no_repository', 'no route to https://bob:pw@git.example', {
      remedy: 'Mend it.',
    });
    await noteObserveError(site.context.database, 'sample', error, () => 60_000);
    const night = await site.build('sample', { trigger: 'schedule', scheduled: entry.workflow });
    await site.begin({ job: job(night), attempt: 1 });
    await site.finish({ job: job(night), attempt: 1 });
    const text = textOf(await site.page('/repos/sample'));
    expect(text).to.match(/night\.yml · passed #\d+ · next run 2030-01-02 03:00:00 UTC/);
    // it says nothing of the branch
    expect(text).to.match(/main queued Broken since #2/);
    expect(textOf(await site.page('/badge/sample.svg'))).to.include('failed');
    expect(textOf(await site.page(`/builds/${night}`))).to.not.match(/Fixes main|broken since/);
    expect(text).to.include('no route to https://***@git.example').and.include('Mend it.');
    expect(textOf(await site.page('/repos'))).to.match(/poll failed +sample/);
  });

  it('shows environments with their rules, and deployments with their addresses', async () => {
    const { database } = site.context;
    const rules = { name: 'production', branches: ['refs/heads/main'], approve: true, waitMinutes: 5 };
    await setEnvironment(database, 'sample', rules);
    const id = await site.build('sample', {}, [{ name: 'deploy' }]);
    const where = { build: id, repo: 'sample' };
    await database.write((db) => recordDeployments(db, where, new Map([[job(id), 'production']])));
    await site.begin({ job: job(id), attempt: 1 });
    await site.finish({ job: job(id), attempt: 1 }, { url: 'https://app.example/x' });
    const page = await site.page('/repos/sample');
    expect(textOf(page)).to.match(/production · main · needs approval · waits 5 min/);
    expect(textOf(page)).to.match(/passed production #\d+ deploy · main/);
    expect(page).to.include('href="https://app.example/x"');
  });

  it('does not exist for a repository that is not observed', async () => {
    expect((await site.fetch('/repos/nobody', { headers: { accept: 'text/html' } })).status).to.equal(404);
  });
});
