import { expect } from 'chai';
import type { BuildId, TestResult } from '../../src/kernel/model.ts';
import { recordTests } from '../../src/record/test-results.ts';
import { testHistory, testList, testResultList } from '../../src/web/schemas/tests.ts';
import { volt } from '../support/cli.ts';
import { job, Site } from './site.ts';

const result = (name: string, change: Partial<TestResult> = {}): TestResult => ({
  ...{ suite: 'sum', name, file: null, status: 'passed', duration: 1, message: null, details: null },
  ...change,
});

describe('web: results of single tests', () => {
  let site: Site;
  let build: BuildId;

  before(async () => {
    site = await Site.start();
    await site.repository('app');
    build = await site.build('app', {}, [{ name: 'unit' }, { name: 'lint' }]);
    const ref = { job: job(build, 1), attempt: 1 };
    await recordTests(site.context.database, ref, 1, [
      result('adds'),
      result('fails <b>', { status: 'failed', message: '2 is not 3\nand more', details: 'at a.js:1' }),
      result('breaks \u001b[31m', { suite: '', status: 'error' }),
      result('later', { status: 'skipped' }),
    ]);
    const tests = { passed: 1, failed: 2, skipped: 1, total: 4, listed: 4 };
    await site.finish(ref, { status: 'failure', reason: 'exit_code', exitCode: 1, tests });
    await site.finish({ job: job(build, 2), attempt: 1 });
  });

  after(() => site.stop());

  it('are counted with their job', async () => {
    const { jobs } = await site.json(`/api/v1/builds/${build}`);
    expect(jobs[0].tests).to.deep.equal({ passed: 1, failed: 2, skipped: 1, total: 4, listed: 4 });
    expect(jobs[1].tests).to.equal(null);
  });

  for (const [what, path, names] of [
    ['a build', () => `builds/${build}/tests`, ['adds', 'fails <b>', 'breaks \u001b[31m', 'later']],
    ['a build, failed', () => `builds/${build}/tests?status=failed`, ['fails <b>', 'breaks \u001b[31m']],
    ['a job', () => `jobs/${build}-1/tests?limit=2`, ['adds', 'fails <b>']],
    ['another job', () => `jobs/${build}-2/tests`, []],
  ] as const) {
    it(`are listed for ${what}`, async () => {
      const { tests } = testResultList.strict().parse(await site.json(`/api/v1/${path()}`));
      expect(tests.map(({ name }) => name)).to.deep.equal(names);
    });
  }

  it('are stored with their tests', async () => {
    const { tests } = testList.strict().parse(await site.json('/api/v1/repos/app/tests?sort=slowest&limit=1'));
    expect(tests).to.have.length(1);
    expect((await site.json('/api/v1/repos/app/tests?sort=flaky')).tests).to.deep.equal([]);
    const { tests: all, next } = await site.json('/api/v1/repos/app/tests?limit=4');
    expect(next).to.equal(null);
    const fails = all.find(({ name }: TestResult) => name === 'fails <b>');
    const { test, results } = testHistory.strict().parse(await site.json(`/api/v1/repos/app/tests/${fails.id}`));
    expect(test).to.include({ runs: 1, failures: 1, flaky: null });
    expect(results.map(({ build, jobName, status }) => [build, jobName, status])).to.deep.equal([
      [build, 'unit', 'failed'],
    ]);
  });

  it('are listed in pages without gaps', async () => {
    const first = await site.json(`/api/v1/builds/${build}/tests?limit=3`);
    const second = await site.json(`/api/v1/builds/${build}/tests?limit=3&after=${first.next}`);
    expect([...first.tests, ...second.tests].map(({ name }: TestResult) => name)).to.have.length(4);
    expect(second.next).to.equal(null);
  });

  it('are refused for an invalid build, job or cursor', async () => {
    for (const [path, status] of [
      ['builds/9999/tests', 404],
      ['jobs/9999-1/tests', 404],
      ['repos/nobody/tests', 404],
      ['repos/app/tests/9999', 404],
      ['repos/app/tests?after=x', 400],
      ['repos/app/tests?after=--1~1', 400],
      ['repos/app/tests?sort=fine', 400],
      [`builds/${build}/tests?after=x`, 400],
      [`builds/${build}/tests?status=fine`, 400],
    ] as const) {
      expect((await site.fetch(`/api/v1/${path}`)).status, path).to.equal(status);
    }
  });

  it('are those of the current attempt', async () => {
    const again = await site.build('app');
    const ref = { job: job(again), attempt: 1 };
    await recordTests(site.context.database, ref, 1, [result('adds', { status: 'failed' })]);
    await site.context.database.write((db) =>
      db.updateTable('jobs').set({ attempt: 2 }).where('id', '=', ref.job).execute(),
    );
    expect(await recordTests(site.context.database, ref, 2, [result('late')])).to.equal(false);
    expect((await site.json(`/api/v1/builds/${again}/tests`)).tests).to.deep.equal([]);
  });

  it("that failed are on the build's page, with their messages as text", async () => {
    const page = await site.page(`/builds/${build}`);
    expect(page).to.match(/<strong>2 failed, <\/strong>1 passed, 1 skipped/);
    expect(page).to.match(/sum &gt; <\/span>fails &lt;b&gt;<\/a>/);
    expect(page).to.include('<p class="message">2 is not 3\nand more</p>').and.include('at a.js:1');
    expect(page).to.not.match(/>adds</);
    const without = await site.page(`/builds/${await site.build('app')}`);
    expect(without).to.match(/<section id="tests"[^>]* hidden/);
  });

  it('show on the page whether a failure is new on the branch', async () => {
    const next = await site.build('app', {}, [{ name: 'unit' }]);
    const ref = { job: job(next), attempt: 1 };
    await recordTests(site.context.database, ref, 1, [
      result('adds', { status: 'failed' }),
      result('fails <b>', { status: 'failed' }),
    ]);
    const tests = { passed: 0, failed: 2, skipped: 0, total: 2, listed: 2 };
    await site.finish(ref, { status: 'failure', reason: 'exit_code', exitCode: 1, tests });
    const page = await site.page(`/builds/${next}`);
    expect(page).to.match(/adds<\/a><span class="label">new<\/span>/);
    expect(page).to.match(/fails &lt;b&gt;<\/a><span class="faint">failed before<\/span>/);
  });

  it('have a page for the repository and for each test', async () => {
    const all = await site.page('/repos/app/tests');
    for (const name of ['adds', 'fails &lt;b&gt;', 'later']) expect(all).to.include(`</span>${name}</a>`);
    expect(await site.page('/repos/app/tests?sort=flaky&after=nonsense')).to.include('No flaky tests');
    const [, path = ''] =
      /href="(\/repos\/app\/tests\/\d+)"[^>]*><span class="faint">sum &gt; <\/span>fails/.exec(all) ?? [];
    const page = await site.page(path);
    expect(page).to.match(/2 of 2 \(100 %\)/);
    expect(page).to.include(`<a href="/builds/${build}">#`).and.include('at a.js:1');
    expect((await site.fetch('/repos/app/tests/999', { headers: { accept: 'text/html' } })).status).to.equal(404);
    expect((await site.fetch('/repos/nobody/tests', { headers: { accept: 'text/html' } })).status).to.equal(404);
    expect(await site.page('/repos/app')).to.include('href="/repos/app/tests"');
  });

  it('that failed are printed by volt show', async () => {
    const { code, stdout } = await volt(['show', build], { env: { VOLT_URL: site.url } });
    expect(code, stdout).to.equal(0);
    expect(stdout).to.include(
      '      tests: 2 failed, 1 passed, 1 skipped\n        ✗ sum > fails <b>\n          2 is not 3\n        ✗ breaks ',
    );
    expect(stdout).to.not.include('\u001b[31m');
  });
});
