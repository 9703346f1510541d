import { expect } from 'chai';
import type { BuildId, TestResult } from '../../src/kernel/model.ts';
import { recordTests } from '../../src/record/test-results.ts';
import { testHistory, testList, testResultList } from '../../src/web/schemas/tests.ts';
import { volt } from '../support/cli.ts';
import { noFailure } from '../support/test-result.ts';
import { job, Site } from './site.ts';

const result = (name: string, change: Partial<TestResult> = {}): TestResult => ({
  ...{ suite: 'sum', name, file: null, status: 'passed', duration: 1, ...noFailure },
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
      result('fails <b>', {
        ...{ status: 'failed', message: '2 is not 3\nand more', details: '2 is not 3\nand more\nat <a.js>:1\nin node' },
        ...{
          expected: 'a <b>\nthree',
          actual: 'a <b>\ntwo',
          stack: [{ text: 'at <a.js>:1', file: 'src/a.js', line: 1 }],
        },
      }),
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
    expect(page).to.match(/sum › <\/span>fails &lt;b&gt;<\/a>/);
    expect(page.match(/2 is not 3/g)).to.have.length(1);
    expect(page).to.include('<del><span class="sign">-</span><span class="hidden">expected: </span>three\n</del>');
    expect(page).to.include('<ins><span class="sign">+</span><span class="hidden">actual: </span>two\n</ins>');
    expect(page).to.include('<code>at &lt;a.js&gt;:1</code>').and.include('in node</pre>');
    expect(page).to.not.match(/>adds</);
    const without = await site.page(`/builds/${await site.build('app')}`);
    expect(without).to.match(/<section id="tests"[^>]* hidden/);
  });

  it('show on the page whether a failure is new on the branch', async () => {
    const next = await site.build('app', {}, [{ name: 'unit' }]);
    const ref = { job: job(next), attempt: 1 };
    const message = 'sum_test.go:7: 3 is not 4';
    const stack = [{ text: message, file: 'sum_test.go', line: 7 }];
    await recordTests(site.context.database, ref, 1, [
      result('adds', { status: 'failed', message, stack }),
      result('fails <b>', { status: 'failed' }),
    ]);
    const tests = { passed: 0, failed: 2, skipped: 0, total: 2, listed: 2 };
    await site.finish(ref, { status: 'failure', reason: 'exit_code', exitCode: 1, tests });
    const page = await site.page(`/builds/${next}`);
    expect(page).to.match(/adds<\/a><span class="label">new<\/span>/);
    expect(page.match(/3 is not 4/g), 'the message, once').to.have.length(1);
    expect(page).to.include('<code>sum_test.go:7</code>');
    expect(page).to.match(/fails &lt;b&gt;<\/a><span class="faint">failed before<\/span>/);
  });

  it('have a page for the repository and for each test', async () => {
    const all = await site.page('/repos/app/tests');
    for (const name of ['adds', 'fails &lt;b&gt;', 'later']) expect(all).to.include(`${name}</a>`);
    expect(await site.page('/repos/app/tests?sort=flaky&after=nonsense')).to.include('No flaky tests');
    const [, path = ''] =
      /href="(\/repos\/app\/tests\/\d+)"[^>]*><span class="faint">sum › <\/span>fails/.exec(all) ?? [];
    const page = await site.page(path);
    expect(page).to.match(/failed 2 of 2 \(100 %\)/);
    expect(page).to.include(`<a href="/builds/${build}">#`).and.include('at &lt;a.js&gt;:1');
    expect(page).to.match(new RegExp(`href="/builds/${build}\\?job=${build}-1&amp;attempt=1&amp;test=\\d+#log"`));
    expect((await site.fetch('/repos/app/tests/999', { headers: { accept: 'text/html' } })).status).to.equal(404);
    expect((await site.fetch('/repos/nobody/tests', { headers: { accept: 'text/html' } })).status).to.equal(404);
    expect(await site.page('/repos/app')).to.include('href="/repos/app/tests"');
  });

  it('lead to their line of the log, which is marked', async () => {
    const id = await site.build('app', {}, [{ name: 'unit' }, { name: 'docs' }]);
    const ref = { job: job(id), attempt: 1 };
    await recordTests(site.context.database, ref, 1, [result('rounds', { status: 'failed' }), result('adds up')]);
    const lines = Array.from({ length: 900 }, (_, number) => `ok ${number} rounds\n`);
    lines[700] = 'not ok 700 rounds\n';
    await site.appendLog(ref, lines.join(''));
    const tests = { passed: 1, failed: 1, skipped: 0, total: 2, listed: 2 };
    await site.finish(ref, { status: 'failure', reason: 'exit_code', tests });
    await site.finish({ job: job(id, 2), attempt: 1 });
    const page = await site.page(`/builds/${id}`);
    const [, address = ''] = /href="(\?job=[^"]*test=\d+)#log" data-swap="log"/.exec(page) ?? [];
    const log = await site.page(`/builds/${id}${address.replaceAll('&amp;', '&')}`);
    expect(log).to.include('class="row chosen" id="L701"').and.include('data-chosen="701"');
    // a result of another job names no line there
    expect(await site.page(`/builds/${id}?job=${job(id, 2)}&test=1`)).to.not.include('data-chosen');
    const other = await site.page(`/builds/${id}?job=${job(id, 2)}`);
    expect(other).to.match(/Failed in <a href="\?job=[^"]*#failed-tests" data-swap="job">unit<\/a> \(1\)/);
    expect(other).to.not.include('id="failed-tests"');
  });

  it('link the lines of their stack to the source at that commit, whatever they name', async () => {
    await site.repository('linked', { project: { github: 'https://github.com/acme/linked' } });
    const id = await site.build('linked');
    const ref = { job: job(id), attempt: 1 };
    const stack = ['src/a.js', '../../evil', '/etc/passwd'].map((file) => ({ text: `at ${file}:3`, file, line: 3 }));
    await recordTests(site.context.database, ref, 1, [
      result('a', { status: 'failed', stack }),
      result('b', { status: 'failed', file: 'test/b.js' }),
    ]);
    const tests = { passed: 0, failed: 2, skipped: 0, total: 2, listed: 2 };
    await site.finish(ref, { status: 'failure', reason: 'exit_code', tests });
    const page = await site.page(`/builds/${id}`);
    const links = [...page.matchAll(/href="https:\/\/github.com\/acme\/linked\/blob\/\w+\/([^"]*)"/g)].map(
      ([, path]) => path,
    );
    expect(links).to.deep.equal(['src/a.js#L3', 'test/b.js']);
    expect(page).to.include('<code>at ../../evil:3</code>');
  });

  it('are listed with those that fail first, then flaky ones, then suite by suite, and are found by text', async () => {
    await site.repository('many');
    const id = await site.build('many');
    const names = ['apply', 'bind', 'call'];
    await recordTests(site.context.database, { job: job(id), attempt: 1 }, 1, [
      ...names.map((name) => result(name, { suite: 'z > deep' })),
      ...names.map((name) => result(name, { suite: 'a', status: name === 'call' ? 'failed' : 'passed' })),
    ]);
    await site.context.database.write((db) =>
      db
        .updateTable('tests')
        .set({ flaky_commits: 1, flaky_sha: 'a', flaky_since: Number(id), flaky_at: 1 })
        .where('repo', '=', 'many')
        .where('name', '=', 'bind')
        .where('suite', '=', 'a')
        .execute(),
    );
    const order = async (query: string) =>
      (await site.json(`/api/v1/repos/many/tests?sort=state${query}`)).tests.map(
        (one: TestResult) => `${one.suite} ${one.name}`,
      );
    const all = ['a call', 'a bind', 'a apply', 'z > deep apply', 'z > deep bind', 'z > deep call'];
    expect(await order('')).to.deep.equal(all);
    expect(await order(`&suite=${encodeURIComponent('z > deep')}`)).to.deep.equal(all.slice(3));
    expect(await order('&q=LL')).to.deep.equal(['a call', 'z > deep call']);
    const first = await site.json('/api/v1/repos/many/tests?sort=state&limit=2');
    const rest = await order(`&after=${first.next}`);
    expect(rest).to.deep.equal(all.slice(2));
    const page = await site.page('/repos/many/tests');
    const headings = [...page.matchAll(/<h2>(?:<a[^>]*>)?([^<]*)/g)].map(([, title]) => title);
    expect(headings).to.deep.equal(['Failing', 'Flaky', 'a', 'z › deep']);
    expect(page).to.include('2 suites').and.include('<span class="label">flaky</span>');
    expect(await site.page('/repos/many/tests?q=nothing')).to.include('No test of many has “nothing”');
    const found = await site.page('/repos/many/tests?suite=z+%3E+deep&q=call');
    expect(found.match(/class="test"/g)).to.have.length(1);
  });

  it('have a history of failures alone', async () => {
    const [{ id }] = (await site.json('/api/v1/repos/app/tests?sort=state')).tests;
    const page = await site.page(`/repos/app/tests/${id}?show=failed`);
    expect(page).to.include('status error').and.not.include('status success');
    const passing = (await site.json('/api/v1/repos/many/tests?q=apply')).tests[0].id;
    expect(await site.page(`/repos/many/tests/${passing}?show=failed`)).to.include('It has never failed.');
  });

  it('that failed are printed by volt show', async () => {
    const { code, stdout } = await volt(['show', build], { env: { VOLT_URL: site.url } });
    expect(code, stdout).to.equal(0);
    expect(stdout).to.include(
      [
        '      tests: 2 failed, 1 passed, 1 skipped',
        '        ✗ sum › fails <b>',
        '          2 is not 3',
        '          - expected + actual',
        '            a <b>',
        '          - three',
        '          + two',
        '          at <a.js>:1',
        '        ✗ breaks ',
      ].join('\n'),
    );
    expect(stdout).to.not.include('\u001b[31m');
  });
});
