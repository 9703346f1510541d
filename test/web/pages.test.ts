import { join } from 'node:path';
import { expect } from 'chai';
import { newStep } from '../../src/kernel/model.ts';
import { age, duration } from '../../src/kernel/times.ts';
import { hideCredentials } from '../../src/kernel/urls.ts';
import { findIntent, openRetries } from '../../src/record/intents.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { webApp } from '../../src/web/app.ts';
import { attemptSentence, stateOf, verdictOf } from '../../src/web/pages/sentences.ts';
import { plainWords, Words } from '../../src/web/pages/words.tsx';
import { readTree } from '../support/imports.ts';
import { pullRequest7 } from '../support/record.ts';
import { job, Site } from './site.ts';

/** What a reader without scripts and styles sees of a page. */
function textOf(page: string): string {
  return page
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
}

/** Where the link with this text leads. */
function hrefOf(page: string, text: string): string {
  return new RegExp(`href="([^"#]*)[^"]*">${text}<`).exec(page)?.[1]?.replaceAll('&amp;', '&') ?? 'no such link';
}

describe('web: pages without scripts', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('sample');
    await site.repository('shop');
  });
  after(() => site.stop());

  it('say in words what is wrong, and never by a path of the API', async () => {
    for (const [path, words] of [
      ['/builds/999', 'Build 999 does not exist'],
      ['/no/such', 'The page /no/such does not exist'],
      ['/repos/nobody', 'Repository "nobody" does not exist'],
    ] as const) {
      const answer = await site.fetch(path, { headers: { accept: 'text/html' } });
      const page = await answer.text();
      expect(answer.status, path).to.equal(404);
      expect(textOf(page).replaceAll('&quot;', '"')).to.include(`${words} · Volt`);
      expect(page).to.include('href="/builds"').and.not.include('/api/v1');
    }
  });

  it('show commands in messages and remedies as code', async () => {
    const cookie = await site.signInAs('reader', ['readers']);
    const page = await site.page('/repos/new', { cookie });
    expect(page).to.include('You may not do this').and.not.include('`');
    expect(page).to.match(/<code>(npx )?volt access grant reader admin<\/code>/);
    const text = String(Words({ text: 'unknown `<b>` and `volt status`, but not ` alone' }));
    expect(text).to.match(/^unknown <code>&lt;b&gt;<\/code> and <code>(npx )?volt status<\/code>, but not ` alone$/);
    expect(plainWords('unknown `key`')).to.equal('unknown key');
  });

  it('are there where a message or a remedy names one', async () => {
    const served = webApp(await site.web())
      .routes.filter(({ path }) => path !== '/*')
      .map(({ path }) => new RegExp(`^${path.replace(/:\w+/g, '[^/]+').replace('*', '.*')}$`));
    const { code } = await readTree(join(import.meta.dirname, '../..'));
    const texts = [...code].filter(([file]) => /^src\/(web|record|cli|kernel)\//.test(file)).map(([, text]) => text);
    const named = texts.flatMap((text) =>
      [...text.matchAll(/\b(?:at|page|pages) (\/[a-z](?:\$\{[^}]*\}|[\w/-])*)/gi)].map(([, path = '']) => path),
    );
    const pages = named
      .map((path) => path.replace(/\$\{[^}]*\}/g, 'name'))
      .filter((path) => !/^\/(proc|etc|dev)/.test(path));
    expect(pages).to.include.members(['/account', '/api', '/runners', '/sign-in']);
    expect(pages.filter((path) => !served.some((route) => route.test(path)))).to.deep.equal([]);
  });

  it('say what to do if there are no builds', async () => {
    expect(textOf(await site.page('/builds'))).to.include('No builds yet');
  });

  it('list builds newest first, filtered by the address', async () => {
    await site.build('sample', { subject: 'Add totals', author: 'Grace', sha: 'abcdef1'.padEnd(40, '0') });
    const done = await site.build('shop', { subject: 'Fix totals', ref: 'refs/heads/fix' });
    await site.finish({ job: job(done), attempt: 1 });
    const all = textOf(await site.page('/builds'));
    expect(all).to.match(/passed shop#1 Fix totals fix A Ada .*queued sample#1 Add totals main G Grace abcdef1/);
    expect(textOf(await site.page('/builds?repo=shop'))).to.not.include('Add totals');
    expect(textOf(await site.page('/builds?status=queued'))).to.not.include('Fix totals');
    expect(textOf(await site.page('/builds?branch=main'))).to.not.include('Fix totals');
    expect(textOf(await site.page('/builds?branch=none'))).to.include('No builds match this filter.');
    for (const query of ['author=GRA', 'text=add+T', 'text=ABCDEF1', 'repo=sample&text=totals']) {
      const found = textOf(await site.page(`/builds?${query}`));
      expect(found, query).to.include('Add totals').and.not.include('Fix totals');
    }
    for (const query of ['text=%25', 'text=_dd', 'author=grace_']) {
      expect(textOf(await site.page(`/builds?${query}`)), query).to.include('No builds match this filter.');
    }
  });

  it('show what a pull request is for, its builds and which ones a repository builds', async () => {
    await site.repository('pulls', { pullRequests: 'same', pullRequestLabels: ['linux'] });
    const pullRequest = { ...pullRequest7, headRef: '<i>topic' };
    const id = await site.build('pulls', { subject: 'Pulled', ref: 'refs/pull/7/head', pullRequest });
    await site.build('pulls', { subject: 'Pushed' });
    const page = await site.page('/builds?repo=pulls&pull=7');
    expect(textOf(page)).to.include('#7 <i>topic → main').and.to.include('Pulled').and.not.include('Pushed');
    expect(page).to.not.include('<i>topic');
    expect(await site.page(`/builds/${id}`)).to.include('href="/builds?repo=pulls&amp;pull=7"');
    expect(textOf(await site.page('/repos/pulls/settings'))).to.include(
      'Pull requests from its own branches; merged with the base branch Runners for pull requests those with linux at most',
    );
  });

  it('show commits and jobs of one repository as a grid', async () => {
    await site.repository('wide');
    const first = await site.build('wide', { subject: 'First' }, [{ name: 'lint' }, { name: 'unit' }]);
    await site.finish({ job: job(first, 2), attempt: 1 }, { status: 'failure', reason: 'exit_code' });
    const second = await site.build('wide', { subject: 'Second' }, [{ name: 'unit' }, { name: 'e2e' }]);
    const page = await site.page('/builds?repo=wide&view=grid');
    expect(page).to.include(`href="/builds/${first}?job=${job(first, 2)}" title="unit of #1: failed in 4.2 s"`);
    expect(page).to.include(`href="/builds/${second}?job=${job(second, 2)}" title="e2e of #2: queued"`);
    expect(textOf(page)).to.match(/Commit unit e2e lint #2 Second .*#1 First/);
    expect(await site.page('/builds?repo=wide')).to.include('href="/builds?repo=wide&amp;view=grid"');
    expect(await site.page('/builds?view=grid')).to.not.include('class="grid"');
  });

  it('estimate how long a running build takes, by earlier builds that passed', async () => {
    await site.repository('timed');
    const took = [50, 60, 400].map((seconds) => ({ seconds, series: '' as string | null }));
    const others = [null, 'nightly.yml'].map((series) => ({ seconds: 1, series }));
    for (const { seconds, series } of [...took, ...others]) {
      const id = await site.build('timed');
      await site.begin({ job: job(id), attempt: 1 });
      await site.finish({ job: job(id), attempt: 1 });
      const times = { started_at: 1000, finished_at: 1000 + seconds * 1000, series };
      await site.context.database.db.updateTable('builds').set(times).where('id', '=', Number(id)).execute();
    }
    const id = await site.build('timed', { ref: 'refs/heads/other' });
    await site.begin({ job: job(id), attempt: 1 });
    expect(textOf(await site.page('/builds?repo=timed'))).to.include('of about 1 min 0 s');
    expect(textOf(await site.page(`/builds/${id}`))).to.include('of about 1 min 0 s');
  });

  it('link to older builds', async () => {
    for (let i = 0; i < 51; i++) await site.build('sample', { subject: `number ${i}` });
    const newest = await site.page('/builds?repo=sample');
    const older = /href="(\/builds\?repo=sample&amp;before=\d+)"/.exec(newest)?.[1]?.replace('&amp;', '&') ?? '';
    const page = textOf(await site.page(older));
    expect(page).to.include('Add totals').and.not.include('number 50');
  });

  it('show commit messages and logs as text, never as markup', async () => {
    const evil = `<script>alert(1)</script><img src=x onerror=alert(2)>"'&`;
    const id = await site.build('sample', { subject: evil, author: evil, ref: `refs/heads/${evil}` }, [{ name: evil }]);
    await site.begin({ job: job(id), attempt: 1 });
    await site.appendLog({ job: job(id), attempt: 1 }, `${evil}\n\u001b[31m${evil}\u001b[0m\n`);
    for (const path of ['/builds', `/builds/${id}`]) {
      const page = await site.page(path);
      expect(page, path).to.not.include('<script>alert').and.not.include('<img');
      expect(textOf(page), path).to.include(evil);
    }
  });

  it("show a build's result, steps and attempts", async () => {
    const id = await site.build('sample');
    const first = { job: job(id), attempt: 1 };
    await site.begin(first);
    await moveToNextAttempt(site.context.database, first, {
      reason: 'runner_lost',
      message: 'runner is gone',
      at: Date.now(),
    });
    const from = new Date(Date.now() - 3000).toISOString();
    const steps = [
      { ...newStep('npm ci'), status: 'success' as const, exitCode: 0, startedAt: from, finishedAt: from },
      {
        ...newStep('npm test'),
        status: 'failure' as const,
        exitCode: 2,
        startedAt: from,
        finishedAt: new Date().toISOString(),
      },
    ];
    const runner = { id: 'r2~1', name: 'r2', host: 'other' };
    const message = '"npm test" exited with code 2';
    await site.finish({ job: job(id), attempt: 2 }, { status: 'failure', reason: 'exit_code', message, steps, runner });
    await site.appendLog({ job: job(id), attempt: 2 }, 'the \u001b[31mred\u001b[0m end\n');
    const page = await site.page(`/builds/${id}`);
    const text = textOf(page);
    expect(text).to.match(/Failed after [\d.]+ s: "npm test" exited with code 2\./);
    expect(text).to.include('Attempt 1 on r1: runner is gone; retried as attempt 2');
    expect(text).to.match(/Attempt 2 on r2: failed after [\d.]+ s, "npm test" exited with code 2/);
    expect(text).to.match(/passed npm ci .*failed npm test exit code 2 3\.\d s/);
    expect(page).to.include('the <span class="f1">red</span> end');
    expect(page).to.include(`href="/api/v1/jobs/${job(id)}/log?attempt=2"`);
    await site.appendLog(first, 'of the first');
    expect(textOf(await site.page(`/builds/${id}?job=${job(id)}&attempt=1`))).to.include('of the first');
  });

  it('show one page of a long log, with links to the others and a search', async () => {
    const id = await site.build('sample');
    const ref = { job: job(id), attempt: 1 };
    await site.begin(ref);
    const lines = Array.from({ length: 60_000 }, (_, number) => `this is line ${number + 1}.\n`);
    await site.appendLog(ref, `${lines.join('')}not ended`);
    await site.finish(ref);
    const path = `/builds/${id}`;
    const page = await site.page(path);
    expect(page).to.include('this is line 60000.').and.include('not ended').and.not.include('this is line 59750.');
    expect(page).to.include(`href="/api/v1/jobs/${job(id)}/log?attempt=1"`);
    const earlier = await site.page(path + hrefOf(page, 'Earlier lines'));
    expect(earlier).to.include('this is line 59501.').and.include('this is line 59750.').and.not.include('line 59751.');
    const first = await site.page(path + hrefOf(page, 'First lines'));
    expect(first).to.include('id="L1"').and.include('this is line 1.').and.not.include('Earlier lines');
    expect(await site.page(path + hrefOf(first, 'Later lines'))).to.include('this is line 251.');
    const found = await site.page(`${path}?job=${job(id)}&q=LINE+31415.`);
    expect(textOf(found)).to.include('1 match').and.include('this is line 31415.');
    const [, address = ''] = /href="([^"#]+#L31415)"/.exec(found) ?? [];
    const there = await site.page(path + address.replaceAll('&amp;', '&'));
    expect(there).to.include('id="L31415"').and.include('this is <mark class="">line 31415.</mark>');
    const byStep = await site.page(`${path}?job=${job(id)}&at=${lines.slice(0, 700).join('').length}`);
    expect(byStep).to.include('id="L701"').and.not.include('id="L700"');
  });

  it('show the log of the failed job of several', async () => {
    const id = await site.build('sample', {}, [{ name: 'fine' }, { name: 'broken' }]);
    await site.appendLog({ job: job(id, 1), attempt: 1 }, 'log of the fine one');
    await site.appendLog({ job: job(id, 2), attempt: 1 }, 'log of the broken one');
    await site.finish({ job: job(id, 1), attempt: 1 });
    await site.finish({ job: job(id, 2), attempt: 1 }, { status: 'failure', reason: 'exit_code' });
    expect(await site.page(`/builds/${id}`)).to.include('log of the broken one');
    expect(await site.page(`/builds/${id}?job=${job(id, 1)}`)).to.include('log of the fine one');
  });

  it('have a cancel button for signed-in people', async () => {
    const id = await site.build('sample');
    const path = `/builds/${id}`;
    expect(await site.page(path)).to.not.include('Cancel build');
    const cookie = await site.signIn();
    expect(await site.page(path, { cookie })).to.include(`action="${path}/cancel"`);
    const press = () => site.ask(`${path}/cancel`, { method: 'POST', headers: { cookie, origin: site.privateUrl } });
    const answer = await press();
    expect([answer.status, answer.headers.get('location')]).to.deep.equal([303, path]);
    const intents = await site.context.database.db.selectFrom('intents').select('id').execute();
    expect(await findIntent(site.context.database, intents.at(-1)?.id ?? 0)).to.include({ kind: 'cancel', build: id });
    await site.finish({ job: job(id), attempt: 1 });
    expect((await press()).status).to.equal(303);
    expect(await site.page(path, { cookie })).to.not.include('Cancel build');
  });

  it('have retry buttons for a final build', async () => {
    const id = await site.build('sample', {}, [{ name: 'a' }, { name: 'b' }]);
    const path = `/builds/${id}`;
    const cookie = await site.signIn();
    expect(await site.page(path, { cookie })).to.not.include('Retry');
    await site.finish({ job: job(id, 1), attempt: 1 });
    await site.finish({ job: job(id, 2), attempt: 1 }, { status: 'failure', reason: 'exit_code', exitCode: 1 });
    expect(textOf(await site.page(path))).to.include('Sign in to retry this build');
    const ofJob = encodeURIComponent(`${path}?job=${job(id, 1)}`);
    expect(await site.page(`${path}?job=${job(id, 1)}`)).to.include(`<a href="/sign-in?next=${ofJob}">`);
    const page = await site.page(path, { cookie });
    expect(page).to.include(`action="${path}/retry"`).and.include('Retry build').and.include('Retry failed jobs');
    for (const failedOnly of [true, false]) {
      const body = new URLSearchParams(failedOnly ? { failed: '1' } : {});
      const headers = { cookie, origin: site.privateUrl };
      const answer = await site.ask(`${path}/retry`, { method: 'POST', headers, body });
      expect([answer.status, answer.headers.get('location')]).to.deep.equal([303, path]);
      const [asked] = (await openRetries(site.context.database)).slice(-1);
      expect(asked).to.include({ build: id, failedOnly });
    }
  });

  it('show the runners and the stages', async () => {
    const id = await site.build('sample', {}, [{ name: 'unit' }]);
    await site.runner('r7', { labels: ['gpu', 'linux'], slots: 4, running: [`${job(id)}.1`] });
    const page = await site.page('/runners');
    expect(textOf(page)).to.match(/r7 .*ready 1 of 4 0 % sample#\d+ unit gpu linux 0\.50/);
    expect(page)
      .to.include(`href="/builds/${id}?job=${job(id)}"`)
      .and.not.include('href="/queues');
    expect(textOf(page)).to.include('reporter not running');
  });

  it('show the work lost with runners, and the jobs of each runner', async () => {
    const id = await site.build('sample', {}, [{ name: 'long one' }]);
    const ref = { job: job(id), attempt: 1 };
    await site.begin(ref, { id: 'gone~1', name: 'gone', host: 'box' });
    await moveToNextAttempt(site.context.database, ref, { reason: 'runner_lost', message: 'gone', at: Date.now() });
    const now = Date.now();
    await site.context.database.db
      .updateTable('attempts')
      .set({ started_at: now - 100_000, lost_at: now - 11_000, noticed_at: now - 10_000 })
      .where('job_id', '=', ref.job)
      .where('number', '=', 1)
      .execute();
    const fleet = textOf(await site.page('/runners'));
    expect(fleet).to.include('1 min 30 s of work in the last 7 days: 1 attempt lost its runner.');
    const page = await site.page('/runners/gone');
    expect(textOf(page)).to.match(/gone not connected .*sample#\d+ long one .* lost 1 min 30 s/);
    expect(page).to.include(`href="/builds/${id}?job=${ref.job}&amp;attempt=1#log"`);
  });

  it('for errors are readable, with the right status', async () => {
    const answer = await site.fetch('/builds/99999', { headers: { accept: 'text/html' } });
    expect(answer.status).to.equal(404);
    expect(textOf(await answer.text())).to.include('Build 99999 does not exist');
    expect((await site.fetch('/builds/abc', { headers: { accept: 'text/html' } })).status).to.equal(404);
    expect(
      (await site.fetch('/builds/1/cancel', { method: 'POST', headers: { accept: 'text/html' } })).status,
    ).to.equal(401);
  });

  it('are revalidated at each request, but scripts and styles are cached', async () => {
    const answer = await site.fetch('/');
    expect(answer.headers.get('cache-control')).to.equal('private, no-cache');
    const style = /href="(\/public\/style\.css\?v=[0-9a-f]+)"/.exec(await answer.text())?.[1] ?? '';
    expect((await site.fetch(style)).headers.get('cache-control')).to.include('immutable');
    expect((await site.fetch('/public/style.css?v=old')).headers.get('cache-control')).to.equal('no-cache');
    expect((await site.fetch('/public/none.js')).status).to.equal(404);
  });
});

describe('web: sentences on pages', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const later = '2026-01-01T00:01:05.000Z';
  const build = {
    status: 'success' as const,
    reason: null,
    message: null,
    startedAt: at,
    finishedAt: later,
    createdAt: at,
    idle: 0,
    jobs: [],
  };
  const words = (more: object) => verdictOf({ ...build, ...more } as never);

  it("say a build's result", () => {
    expect(words({})).to.equal('Passed in 1 min 5 s.');
    expect(words({ idle: 60_000 }), 'a minute before a retry').to.equal('Passed in 5.0 s.');
    expect(words({ status: 'queued', startedAt: null, finishedAt: null })).to.equal('Waiting for a runner.');
    expect(words({ status: 'failure', reason: 'exit_code', message: 'make exited with code 2.' })).to.equal(
      'Failed after 1 min 5 s: make exited with code 2.',
    );
    expect(words({ status: 'error', reason: 'fetch_failed', startedAt: null })).to.equal(
      'No result: fetching the commit from its repository failed. This is not a test failure.',
    );
    expect(words({ status: 'cancelled', reason: 'by_user' })).to.equal(
      'Cancelled after 1 min 5 s: cancelled by a person.',
    );
    const jobs = [{ finishedAt: at }, { finishedAt: null }];
    expect(words({ status: 'running', finishedAt: null, jobs })).to.equal('Running, 1 of 2 jobs done.');
  });

  it('say why a job waits', () => {
    const waiting = { needs: [], labels: [], message: null, reason: null };
    expect(stateOf({ ...waiting, status: 'waiting', needs: ['a', 'b'] } as never)).to.equal('waiting for a, b');
    expect(stateOf({ ...waiting, status: 'queued', labels: ['gpu'] } as never)).to.equal(
      'waiting for a free slot on a runner with gpu',
    );
    expect(stateOf({ ...waiting, status: 'success' } as never)).to.equal(undefined);
  });

  it('say that a runner handed an attempt back', () => {
    const attempt = {
      number: 1,
      runner: 'r1',
      status: 'error',
      reason: 'handed_back',
      message: null,
      startedAt: at,
      finishedAt: at,
      lostAt: null,
    };
    expect(attemptSentence(attempt as never, { number: 2 } as never)).to.equal(
      'Attempt 1 on r1: the runner stopped and handed the job back; retried as attempt 2',
    );
  });

  it('show durations in a suitable unit', () => {
    expect([0, 9949, 9951, 59_400, 65_000, 7_500_000].map(duration)).to.deep.equal([
      '0.0 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1 min 5 s',
      '2 h 5 min',
    ]);
    expect([0, 40_000, 90_000, 7_200_000, 90_000_000, 200_000_000].map(age)).to.deep.equal([
      'just now',
      '40 s ago',
      '1 min ago',
      '2 h ago',
      '1 day ago',
      '2 days ago',
    ]);
  });

  it('hide credentials in URLs', () => {
    expect(hideCredentials('https://bob:pw@a.example/x and http://token@b.example')).to.equal(
      'https://***@a.example/x and http://***@b.example',
    );
    expect(hideCredentials('ssh://git@a.example/x ssh://git:pw@a.example git@a.example:x')).to.equal(
      'ssh://git@a.example/x ssh://git:***@a.example git@a.example:x',
    );
  });
});
