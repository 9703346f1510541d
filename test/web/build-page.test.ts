import { expect } from 'chai';
import { type Build, type BuildRequest, type Job, newStep, type Step } from '../../src/kernel/model.ts';
import { recordTests } from '../../src/record/test-results.ts';
import { type JobGraph, layOut } from '../../src/web/pages/graph-layout.ts';
import { axisOf } from '../../src/web/pages/timeline-axis.ts';
import { timesOf, waitForRunner } from '../../src/web/pages/timeline-layout.ts';
import { safeMarkdown } from '../../src/web/summaries/markdown.ts';
import { noFailure } from '../support/test-result.ts';
import { until } from '../support/until.ts';
import { job, Site } from './site.ts';

function textOf(page: string): string {
  return page
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
}

describe('web: the page of a build', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('sample');
  });
  after(() => site.stop());

  const ended = (name: string, more: Partial<Step> = {}): Step => {
    const at = new Date().toISOString();
    return { ...newStep(name), status: 'success', exitCode: 0, startedAt: at, finishedAt: at, ...more };
  };

  it('draws a graph only for jobs that need each other', async () => {
    const id = await site.build('sample', {}, [{ name: 'lint' }, { name: 'unit', needs: ['lint'] }]);
    const page = await site.page(`/builds/${id}?view=graph`);
    expect(page)
      .to.include(`href="?view=graph&amp;job=${job(id, 2)}"`)
      .and.include('class="edge"');
    expect(textOf(page)).to.include('unit: waiting');
    const flat = await site.build('sample', {}, [{ name: 'a' }, { name: 'b' }]);
    expect(await site.page(`/builds/${flat}?view=graph`)).to.not.include('class="edge"');
  });

  it('shows annotations and summaries of steps without active content', async () => {
    const id = await site.build('sample');
    const place = { line: 7, endLine: null, column: 3, endColumn: null, logStart: null };
    const steps = [
      ended('npm test', {
        status: 'failure',
        exitCode: 1,
        annotations: [{ level: 'error', message: 'expected <4>', title: null, file: 'sum.js', ...place }],
        summary: '# Totals\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<script>alert(1)</script><b>bold</b>',
      }),
    ];
    await site.finish({ job: job(id), attempt: 1 }, { status: 'failure', reason: 'exit_code', steps });
    // a page shows a summary as text until its process has formatted it
    const page = await until('the summary is formatted', async () => {
      const shown = await site.page(`/builds/${id}`);
      return !shown.includes('It is being formatted.') && shown;
    });
    expect(textOf(page)).to.match(/error sum\.js:7:3 expected <4&gt;/);
    expect(page).to.include('<h3>Totals</h3>').and.include('<td>2</td>').and.include('<b>bold</b>');
    expect(page).to.not.include('alert(1)');
  });

  it('shows an annotation beside the line of the log that it comes from', async () => {
    const id = await site.build('sample');
    const ref = { job: job(id), attempt: 1 };
    const before = Array.from({ length: 40 }, (_, number) => `line ${number}\n`).join('');
    await site.appendLog(ref, `${before}##[error]no such name\nand more\n`);
    const place = { line: 7, endLine: null, column: 3, endColumn: null };
    const error = { level: 'error' as const, message: 'no such name', title: null, file: 'src/"a".js', ...place };
    const steps = [
      ended('lint', { status: 'failure', logStart: 0, annotations: [{ ...error, logStart: before.length }] }),
    ];
    await site.finish(ref, { status: 'failure', reason: 'exit_code', steps });
    const page = await site.page(`/builds/${id}`);
    expect(page)
      .to.include(`href="?job=${job(id)}&amp;attempt=1&amp;line=21#L41"`)
      .and.include('line 41 of the log');
    expect(page).to.match(
      /id="L41"[^>]*>.*>Error: <\/span>no such name\n<\/code><span class="note error">error <span class="about">src\/&quot;a&quot;.js:7:3</,
    );
    const [annotation] = (await site.json(`/api/v1/builds/${id}`)).jobs[0].steps[0].annotations;
    expect(annotation.logStart).to.equal(before.length);
  });

  it('shows the image that the container of a job had', async () => {
    const id = await site.build('sample');
    const image = { name: 'docker.io/library/node:22', digest: 'sha256:12' };
    await site.finish({ job: job(id), attempt: 1 }, { image });
    expect(textOf(await site.page(`/builds/${id}`))).to.match(/Image docker\.io\/library\/node:22 +sha256:12/);
  });

  it('shows for a job that is tried again when, why, and its earlier attempt', async () => {
    const id = await site.build('sample');
    const away = { status: 'error', reason: 'fetch_failed', message: 'no answer', pauses: [60_000] } as const;
    await site.finish({ job: job(id), attempt: 1 }, away);
    const page = textOf(await site.page(`/builds/${id}`));
    expect(page).to.match(/tries again at \d\d:\d\d:\d\d UTC, on another runner if possible: no answer/);
    expect(page)
      .to.match(/Attempt 1 on \S+: no answer/)
      .and.not.include('Attempt 2');
  });

  it('says why a job waits, by the current runners', async () => {
    const id = await site.build('sample', {}, [{ labels: ['gpu'] }]);
    expect(textOf(await site.page(`/builds/${id}`))).to.include('waiting: no runner is connected');
    await site.runner('r1');
    expect(textOf(await site.page(`/builds/${id}`))).to.include('waiting: no runner has the label &quot;gpu&quot;');
  });

  it('says at the top what keeps a build from going on, and shows the job that waits for it', async () => {
    await site.runner('r1');
    const labels = ['gpu'];
    const id = await site.build('sample', {}, [{ name: 'lint' }, { name: 'speed', labels }, { name: 'size', labels }]);
    await site.begin({ job: job(id), attempt: 1 });
    expect(textOf(await site.page(`/builds/${id}`))).to.not.include('more wait');
    await site.finish({ job: job(id), attempt: 1 });
    const page = await site.page(`/builds/${id}`);
    expect(textOf(page)).to.include(
      'Running, 1 of 3 jobs done. speed and 1 more wait: no runner has the label &quot;gpu&quot;.',
    );
    expect(page).to.match(/<section[^>]* aria-label="Job speed"/);
  });

  it('says since when a branch is broken and which build fixed it', async () => {
    const ref = 'refs/heads/story';
    const ids = [];
    for (const status of ['success', 'failure', 'error', 'failure', 'success'] as const) {
      const id = await site.build('sample', { ref });
      await site.finish({ job: job(id), attempt: 1 }, { status, reason: status === 'success' ? null : 'exit_code' });
      ids.push(id);
    }
    const pages = await Promise.all(ids.map(async (id) => site.page(`/builds/${id}`)));
    const [good, breaks, unclear, still, mends] = pages.map(textOf);
    expect(good).to.not.match(/broke/);
    expect(breaks).to.match(/This build broke story\. +Fixed by +#\d+/);
    expect(unclear).to.not.match(/broke/);
    expect(still).to.match(/story has been broken since +#\d+.* Fixed by/);
    expect(mends).to.match(/Fixes story, which was broken since +#\d+/);
    expect(pages[3])
      .to.include(`href="/builds/${ids[2]}" rel="prev"`)
      .and.include(`href="/builds/${ids[4]}" rel="next"`);
  });

  it('groups jobs by workflow and matrix, and counts them', async () => {
    const id = await site.build('sample', {}, [
      { name: 'lint', workflow: 'CI' },
      { name: 'unit (1)', workflow: 'CI' },
      { name: 'unit (2)', workflow: 'CI' },
      { name: 'docs', workflow: 'Docs' },
    ]);
    await site.finish({ job: job(id, 1), attempt: 1 });
    await site.finish({ job: job(id, 3), attempt: 1 }, { status: 'failure', reason: 'exit_code' });
    const list = (await site.page(`/builds/${id}`)).match(/<nav id="jobs".*?<\/nav>/s)?.[0] ?? '';
    expect(textOf(list)).to.match(
      /1 failed, 2 waiting, 2 of 4 done CI passed: lint.* failed: unit 2 jobs queued: 1 failed: 2.* Docs queued: docs/,
    );
  });

  it('shows the job of the address, else the one that failed', async () => {
    const id = await site.build('sample', {}, [{ name: 'lint' }, { name: 'unit' }]);
    await site.finish({ job: job(id, 1), attempt: 1 });
    await site.finish({ job: job(id, 2), attempt: 1 }, { status: 'failure', reason: 'exit_code' });
    const shown = async (path: string) => /Log of (\w+)/.exec(await site.page(path))?.[1];
    expect(await shown(`/builds/${id}`)).to.equal('unit');
    expect(await shown(`/builds/${id}?job=${job(id, 1)}`)).to.equal('lint');
    expect(await shown(`/builds/${id}?job=unknown`)).to.equal('unit');
  });

  it('shows the log of a failed job from where it failed, not from its end', async () => {
    const id = await site.build('sample');
    const ref = { job: job(id), attempt: 1 };
    const before = Array.from({ length: 300 }, (_, number) => `ok ${number}\n`).join('');
    const after = Array.from({ length: 900 }, (_, number) => `fine ${number}\n`).join('');
    await site.appendLog(ref, `${before}\u001b[31mnot ok\u001b[0m 301 - adds\n${after}##[error]exit code 1.\n`);
    const size = before.length + after.length + 50;
    const steps = [ended('npm test', { status: 'failure', exitCode: 1, logStart: 0, logEnd: size })];
    await site.finish(ref, { status: 'failure', reason: 'exit_code', steps });
    const page = await site.page(`/builds/${id}`);
    expect(page).to.include('data-failing="301"').and.include('class="row failing" id="L301"');
    expect(/id="L(\d+)"/.exec(page)?.[1]).to.equal('281');
    const later = await site.page(`/builds/${id}?job=${job(id)}&line=700`);
    expect(/id="L(\d+)"/.exec(later)?.[1]).to.equal('700');
  });

  it('does not blame the first build of a branch, nor one whose flaky tests alone failed', async () => {
    const ref = 'refs/heads/shaky';
    const build = async (status: 'success' | 'failure', failed: string[] = []) => {
      const id = await site.build('sample', { ref });
      const at = { job: job(id), attempt: 1 };
      const results = failed.map((name) => ({
        ...{ suite: '', name, file: null, status: 'failed' as const, duration: 1, ...noFailure },
      }));
      if (results.length > 0) await recordTests(site.context.database, at, 1, results);
      await site.finish(at, { status, reason: status === 'success' ? null : 'exit_code' });
      return id;
    };
    const page = async (id: string) => textOf(await site.page(`/builds/${id}`));
    expect(await page(await build('failure'))).to.not.include('This build broke shaky');
    await build('success');
    const flaky = await build('failure', ['shaky']);
    await site.context.database.write((db) =>
      db.updateTable('tests').set({ flaky_commits: 1 }).where('name', '=', 'shaky').execute(),
    );
    const real = await build('failure', ['shaky', 'adds']);
    expect(await page(flaky))
      .to.include('Only flaky tests failed.')
      .and.not.include('broke shaky');
    expect(await page(real)).to.include('This build broke shaky.');
  });

  it('says that a running build can no longer pass', async () => {
    const id = await site.build('sample', {}, [{ name: 'lint' }, { name: 'unit' }]);
    await site.begin({ job: job(id, 2), attempt: 1 });
    await site.finish({ job: job(id, 1), attempt: 1 }, { status: 'failure', reason: 'exit_code' });
    const page = await site.page(`/builds/${id}`);
    expect(page).to.include('<span class="status failing">failing</span>').and.include('<title>✗ sample');
    expect(textOf(page)).to.include('Failing: lint failed. 1 job still runs.');
    expect(await site.page('/builds')).to.include('<span class="status failing">failing</span>');
  });

  it('shows the whole commit message, and who has started, cancelled and retried it', async () => {
    const body = 'The lid and the base.\n\n<b>Reviewed-by:</b> Grace';
    const id = await site.build('sample', { body, author: 'Ada Lovelace' }, [{ name: 'a' }, { name: 'b' }]);
    await site.post(`/api/v1/jobs/${job(id, 2)}/cancel`);
    await site.finish({ job: job(id, 1), attempt: 1 });
    await site.finish({ job: job(id, 2), attempt: 1 }, { status: 'cancelled', reason: 'by_user' });
    await site.post(`/api/v1/builds/${id}/retry`);
    const page = await site.page(`/builds/${id}`);
    expect(page).to.include('The lid and the base.\n\n&lt;b&gt;Reviewed-by:');
    expect(textOf(page))
      .to.match(/Pushed .* Cancelled by owner .* b .*Retried by owner/)
      .and.to.match(/AL +Ada Lovelace/);
    const { requests } = await site.json(`/api/v1/builds/${id}`);
    expect(requests.map(({ kind, by, job }: BuildRequest) => [kind, by, job])).to.deep.equal([
      ['cancel', 'owner', job(id, 2)],
      ['retry', 'owner', null],
    ]);
  });

  it('has buttons that retry or cancel one job of several', async () => {
    const id = await site.build('sample', {}, [{ name: 'a' }, { name: 'b' }]);
    const cookie = await site.signIn();
    const its = `/builds/${id}?job=${job(id, 2)}`;
    expect(await site.page(its)).to.not.include('/cancel"');
    expect(await site.page(its, { cookie })).to.include(`action="/jobs/${job(id, 2)}/cancel"`);
    const press = (what: string) =>
      site.ask(`/jobs/${job(id, 2)}/${what}`, { method: 'POST', headers: { cookie, origin: site.privateUrl } });
    const answer = await press('cancel');
    expect([answer.status, answer.headers.get('location')]).to.deep.equal([303, its]);
    const intents = () =>
      site.context.database.db.selectFrom('intents').selectAll().where('job_id', '=', job(id, 2)).execute();
    expect((await intents()).map(({ kind }) => kind)).to.deep.equal(['cancel']);
    for (const position of [1, 2]) await site.finish({ job: job(id, position), attempt: 1 });
    expect(await site.page(its, { cookie })).to.include(`action="/jobs/${job(id, 2)}/retry"`);
    expect((await press('retry')).status).to.equal(303);
    expect((await intents()).map(({ kind }) => kind)).to.deep.equal(['cancel', 'retry']);
    expect(
      (await site.ask('/jobs/x/retry', { method: 'POST', headers: { cookie, origin: site.privateUrl } })).status,
    ).to.equal(404);
  });
});

describe('web: the graph of jobs', () => {
  const jobs = (needs: { [name: string]: string[] }, ends: { [name: string]: number } = {}) =>
    Object.entries(needs).map(([name, of]) => {
      const at = new Date(ends[name] ?? 0).toISOString();
      return { name, needs: of, workflow: null, status: 'success', startedAt: at, finishedAt: at } as unknown as Job;
    });
  const columns = (needs: { [name: string]: string[] }) =>
    Object.fromEntries(
      layOut(jobs(needs))?.nodes.flatMap(({ group, column }) => (group ? [[group.name, column]] : [])) ?? [],
    );
  /** Names of the boxes at both ends of each edge; `-` for a place without a box. */
  const edges = (graph: JobGraph | undefined) =>
    graph?.edges.map(({ from, to }) => [from, to].map((index) => graph.nodes[index]?.group?.name ?? '-').join(' → '));

  it('puts each job in a column after all jobs that it needs', () => {
    expect(columns({ d: ['b', 'c'], b: ['a'], c: [], a: [] })).to.deep.equal({ a: 0, c: 0, b: 1, d: 2 });
  });

  it('has one box for the jobs of a matrix until a person opens it', () => {
    const matrix = jobs({ 't (1)': [], 't (2)': [], pack: ['t'] });
    expect(edges(layOut(matrix))).to.deep.equal(['t → pack']);
    expect(edges(layOut(matrix, ['t']))).to.deep.equal(['t (1) → pack', 't (2) → pack']);
  });

  it('leads an edge over several columns through places of its own, never behind a box', () => {
    const graph = layOut(jobs({ lint: [], build: ['lint'], unit: ['build'], deploy: ['unit', 'lint'] }));
    expect(edges(graph)).to.have.members([
      'lint → build',
      'build → unit',
      'unit → deploy',
      'lint → -',
      '- → -',
      '- → deploy',
    ]);
    for (const { from, to } of graph?.edges ?? [])
      expect((graph?.nodes[to]?.column ?? 0) - (graph?.nodes[from]?.column ?? 0)).to.equal(1);
    for (const column of [1, 2]) {
      const tops = graph?.nodes.filter((node) => node.column === column).map(({ top }) => top) ?? [];
      expect(new Set(tops).size).to.equal(2);
    }
  });

  it('marks the jobs that decided when the build ended', () => {
    const graph = layOut(jobs({ a: [], b: [], c: ['a', 'b'] }, { a: 1000, b: 2000, c: 3000 }));
    expect(graph?.edges.map(({ from, critical }) => [graph.nodes[from]?.group?.name, critical])).to.deep.equal([
      ['a', false],
      ['b', true],
    ]);
  });

  it('ends even for jobs that need each other in a cycle', () => {
    expect(layOut(jobs({ a: ['b'], b: ['a'], c: ['c'] }))?.nodes).to.have.lengthOf(3);
  });

  it('is absent if no job needs another', () => {
    expect(layOut(jobs({ a: [], b: [] }))).to.equal(undefined);
  });
});

describe('web: the timeline of a build', () => {
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
  const step = (name: string, from: number, to: number | null) => ({
    ...newStep(name),
    status: to === null ? 'running' : 'success',
    startedAt: at(from),
    finishedAt: to === null ? null : at(to),
  });
  const attempt = (number: number, status: string, from: number, to: number | null) => ({
    number,
    status,
    startedAt: at(from),
    finishedAt: to === null ? null : at(to),
  });
  const shown = (jobs: unknown[], now: number, requests: unknown[] = []) =>
    timesOf({ createdAt: at(0), jobs, requests } as Build, Date.parse(at(now))).jobs.map(({ spans }) =>
      spans.map(
        ({ title, from, to }) => `${title} ${(from - Date.parse(at(0))) / 1000}-${(to - Date.parse(at(0))) / 1000}`,
      ),
    );

  it('shows what a job waited for, its set-up and its steps', () => {
    const first = {
      ...{ name: 'lint', workflow: null, needs: [], status: 'success', createdAt: at(0), finishedAt: at(5) },
      ...{ attempts: [attempt(1, 'success', 1, 5)], steps: [step('Install', 2, 3), step('Lint', 3, 5)] },
    };
    const second = {
      ...{ name: 'unit', workflow: null, needs: ['lint'], status: 'running', createdAt: at(0), finishedAt: null },
      ...{ attempts: [attempt(1, 'running', 7, null)], steps: [step('Test', 8, null)] },
    };
    expect(shown([first, second], 10)).to.deep.equal([
      ['waited for a runner 0-1', 'set-up 1-2', 'Install 2-3', 'Lint 3-5'],
      ['waited for lint 0-5', 'waited for a runner 5-7', 'set-up 7-8', 'Test 8-10'],
    ]);
    const build = { jobs: [first, second], requests: [] } as unknown as Build;
    expect(build.jobs.map((one) => waitForRunner(one, build))).to.deep.equal([1000, 2000]);
  });

  it('shows earlier attempts, and what a job still waits for', () => {
    const lost = {
      ...{ name: 'a', workflow: null, needs: [], status: 'queued', createdAt: at(0), finishedAt: null, steps: [] },
      attempts: [attempt(1, 'error', 1, 4), { ...attempt(2, 'queued', 0, null), startedAt: null }],
    };
    expect(shown([lost], 9)).to.deep.equal([['waited for a runner 0-1', 'attempt 1 1-4', 'waits for a runner 4-9']]);
  });

  it('shows that a job which a person retries later waits only from then on', () => {
    const retried = {
      ...{ id: '1-1', name: 'a', workflow: null, needs: [], createdAt: at(0), finishedAt: null, steps: [] },
      attempts: [attempt(1, 'failure', 1, 4), attempt(2, 'failure', 22, 24)],
    };
    const retry = (second: number, job: string | null) => ({ kind: 'retry', job, by: 'ada', at: at(second) });
    const until24 = ['waited for a runner 0-1', 'attempt 1 1-4', 'waited for a runner 20-22', 'attempt 2 22-24'];
    const asked = [retry(10, '1-2'), retry(20, null), retry(40, '1-1')];
    expect(shown([{ ...retried, status: 'failure' }], 60, asked)).to.deep.equal([until24]);
    expect(shown([{ ...retried, status: 'queued' }], 60, asked)).to.deep.equal([
      [...until24, 'waits for a runner 40-60'],
    ]);
  });

  it('shows what each attempt of a job waited for', () => {
    const needed = {
      ...{ id: '1-1', name: 'lint', workflow: null, needs: [], status: 'success', createdAt: at(0), steps: [] },
      ...{ attempts: [attempt(1, 'success', 1, 5), attempt(2, 'success', 31, 35)], finishedAt: at(35) },
    };
    const second = {
      ...{ id: '1-2', name: 'unit', workflow: null, needs: ['lint'], status: 'success', createdAt: at(0), steps: [] },
      ...{ attempts: [attempt(1, 'failure', 6, 8), attempt(2, 'success', 36, 38)], finishedAt: at(38) },
    };
    const retry = { kind: 'retry', job: null, by: 'ada', at: at(30) };
    expect(shown([needed, second], 40, [retry])[1]).to.deep.equal([
      ...['waited for lint 0-5', 'waited for a runner 5-6', 'attempt 1 6-8'],
      ...['waited for lint 30-35', 'waited for a runner 35-36', 'attempt 2 36-38'],
    ]);
  });

  it('folds the hours before a retry, on a short axis with marks at round times', () => {
    const job = {
      ...{ id: '1-1', name: 'a', workflow: null, needs: [], status: 'success', createdAt: at(0), finishedAt: at(7300) },
      ...{ attempts: [attempt(1, 'failure', 1, 50), attempt(2, 'success', 7255, 7300)], steps: [] },
    };
    const retry = { kind: 'retry', job: null, by: 'ada', at: at(7250) };
    const build = { createdAt: at(0), jobs: [job], requests: [retry] } as unknown as Build;
    const axis = axisOf(timesOf(build, Date.parse(at(9000))));
    expect(axis.folded).to.deep.equal([{ from: Date.parse(at(50)), to: Date.parse(at(7250)) }]);
    expect(axis.shown).to.equal(100_000);
    expect(axis.marks.map((mark) => mark / 1000)).to.deep.equal([0, 20, 40, 7260, 7280, 7300]);
    const places = [0, 50, 3650, 7250, 7300].map((second) => axis.place(Date.parse(at(second))).toFixed(3));
    expect(places).to.deep.equal(['0.000', '0.481', '0.500', '0.519', '1.000']);
  });

  it('folds nothing that is short beside the rest, nor a job that waits for a runner', () => {
    const jobs = [
      {
        ...{ id: '1-1', name: 'a', workflow: null, needs: [], status: 'success', createdAt: at(0), steps: [] },
        ...{ attempts: [attempt(1, 'failure', 1, 900), attempt(2, 'success', 1000, 1900)], finishedAt: at(1900) },
      },
    ];
    const times = (requests: unknown[]) =>
      timesOf({ createdAt: at(0), jobs, requests } as unknown as Build, Date.parse(at(2000)));
    expect(axisOf(times([{ kind: 'retry', job: null, by: 'ada', at: at(1000) }])).folded).to.deep.equal([]);
    expect(axisOf(times([])).folded).to.deep.equal([]);
  });
});

describe('web: Markdown of steps', () => {
  for (const [what, text] of [
    ['scripts', '<script>alert(1)</script>'],
    ['handlers', '<b onclick="alert(1)">x</b>'],
    ['links that are scripts', '[x](javascript:alert(1)) <a href="javascript:alert(1)">y</a>'],
    ['images', '![x](https://tracker.example/alert.png) <img src=x onerror=alert(1)>'],
    ['styles and frames', '<style>*{alert:1}</style><iframe src="https://alert.example"></iframe>'],
    ['forms', '<form action="/alert"><input name="alert"></form>'],
  ] as const) {
    it(`is rendered without ${what}`, () => {
      expect(safeMarkdown(text)).to.not.match(/<(script|style|img|iframe|form|input)|on\w+=|href="javascript/);
    });
  }

  it('is rendered with the boxes of task lists', () => {
    const html = safeMarkdown('- [x] lint\n- [ ] unit\n- [y] other\n\n[x] no item');
    expect(html).to.include('<li class="task">☑ lint</li>').and.include('<li class="task">☐ unit</li>');
    expect(html).to.include('<li>[y] other</li>').and.include('<p>[x] no item</p>');
    expect(safeMarkdown('<li class="note">x</li>')).to.equal('<li>x</li>');
  });

  it('is rendered with tables, code and links to the web', () => {
    const html = safeMarkdown('`a<b`\n\n[docs](https://docs.example)\n\n<details><summary>more</summary>x</details>');
    expect(html).to.include('<code>a&lt;b</code>').and.include('href="https://docs.example"').and.include('<details>');
  });
});
