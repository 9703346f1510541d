import { expect } from 'chai';
import { type Job, newStep, type Step } from '../../src/kernel/model.ts';
import { layOut } from '../../src/web/pages/graph-layout.ts';
import { safeMarkdown } from '../../src/web/summaries/markdown.ts';
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
    const place = { line: 7, endLine: null, column: 3, endColumn: null };
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
  const jobs = (needs: { [name: string]: string[] }) =>
    Object.entries(needs).map(([name, of]) => ({ name, needs: of, workflow: null }) as unknown as Job);
  const columns = (needs: { [name: string]: string[] }) =>
    Object.fromEntries(layOut(jobs(needs))?.nodes.map(({ job: { name }, column }) => [name, column]) ?? []);

  it('puts each job in a column after all jobs that it needs', () => {
    expect(columns({ d: ['b', 'c'], b: ['a'], c: [], a: [] })).to.deep.equal({ a: 0, c: 0, b: 1, d: 2 });
  });

  it('connects a job with all jobs of a matrix that it needs', () => {
    expect(layOut(jobs({ 't (1)': [], 't (2)': [], pack: ['t'] }))?.edges).to.deep.equal([
      [0, 2],
      [1, 2],
    ]);
  });

  it('ends even for jobs that need each other in a cycle', () => {
    expect(layOut(jobs({ a: ['b'], b: ['a'], c: ['c'] }))?.nodes).to.have.lengthOf(3);
  });

  it('is absent if no job needs another', () => {
    expect(layOut(jobs({ a: [], b: [] }))).to.equal(undefined);
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

  it('is rendered with tables, code and links to the web', () => {
    const html = safeMarkdown('`a<b`\n\n[docs](https://docs.example)\n\n<details><summary>more</summary>x</details>');
    expect(html).to.include('<code>a&lt;b</code>').and.include('href="https://docs.example"').and.include('<details>');
  });
});
