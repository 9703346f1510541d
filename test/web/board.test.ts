import { expect } from 'chai';
import { ownTrust } from '../../src/kernel/trust.ts';
import { Site } from './site.ts';

describe('web: the queue board', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('sample');
  });
  after(() => site.stop());

  const bearer = () => ({ authorization: `Bearer ${site.token}` });
  const ask = (path: string) => site.fetch(path, { headers: bearer() });
  const json = (path: string) => site.json(path, { headers: bearer() });
  const names = async () => {
    const { queues } = await json('/queues/api/queues');
    return queues.map(({ name }: { name: string }) => name);
  };

  for (const path of ['/queues', '/queues/', '/queues/queue/commits']) {
    it(`is at ${path}, and loads nothing from elsewhere`, async () => {
      const answer = await ask(path);
      expect(answer.status).to.equal(200);
      const page = await answer.text();
      expect(page).to.include('<base href="/queues/"');
      expect(page)
        .to.match(/href="\/public\/board\.css\?v=\w+"/)
        .and.include('<nav class="volt-bar"');
      expect(page).to.not.match(/(src|href)="(https?:)?\/\//);
      const script = /src="(static\/js\/main[^"]+)"/.exec(page)?.[1];
      const { status, headers } = await ask(`/queues/${script}`);
      expect([status, headers.get('content-type')]).to.deep.equal([200, 'text/javascript; charset=utf-8']);
    });
  }

  it('shows every queue, those of jobs as they appear', async () => {
    expect(await names()).to.deep.equal([
      'advance',
      'commits',
      'notices',
      'observe',
      'results',
      'secrets',
      'set-aside',
    ]);
    await site.context.queues.announceLabels(['linux']);
    expect(await names()).to.include('jobs.linux');
  });

  it('shows the runners that serve a queue of jobs as its workers', async () => {
    for (const labels of [[], ['gpu', 'large']]) await site.context.queues.announceLabels(labels);
    const board = async () => {
      const { queues } = await json('/queues/api/queues');
      const served = queues.filter(({ hasWorkers }: { hasWorkers: boolean }) => hasWorkers);
      return served.map(({ name }: { name: string }) => name);
    };
    expect(await board()).to.not.include('jobs');
    await site.runner('small', { labels: ['gpu'] });
    expect(await board())
      .to.include('jobs')
      .and.not.include('jobs.gpu+large');
    await site.runner('big', { labels: ['gpu', 'large'] });
    expect(await board()).to.include('jobs.gpu+large');
    const { workers } = await json('/queues/api/queues/jobs.gpu%2Blarge/workers');
    expect(workers.map(({ name }: { name: string }) => name)).to.deep.equal(['big']);
  });

  it('is for administrators only, also for reading', async () => {
    const { token } = (await (await site.post('/api/v1/tokens', { name: 'board', role: 'own' })).json()) as {
      token: string;
    };
    for (const [method, path] of [
      ['GET', '/queues'],
      ['GET', '/queues/queue/commits'],
      ['GET', '/queues/api/queues'],
      ['GET', '/queues/api/queues/commits/1'],
      ['GET', '/queues/api/job-schedulers'],
      ['GET', '/queues/api/redis/stats'],
      ['PUT', '/queues/api/queues/commits/pause'],
      ['PUT', '/queues/api/queues/commits/obliterate'],
      ['POST', '/queues/api/queues/commits/add'],
      ['PUT', '/queues/api/queues/pause'],
    ] as const) {
      expect((await site.fetch(path, { method })).status, path).to.equal(401);
      expect((await site.fetch(path, { method, headers: { authorization: `Bearer ${token}` } })).status, path).to.equal(
        403,
      );
    }
    expect(await site.context.queues.queue('commits').isPaused()).to.equal(false);
    const page = await site.fetch('/queues', { headers: { accept: 'text/html' } });
    expect([page.status, page.headers.get('location')]).to.deep.equal([303, '/sign-in?next=%2Fqueues']);
  });

  it('lets an administrator act on messages, but not create them', async () => {
    const act = async (method: string, path: string) => (await site.fetch(path, { method, headers: bearer() })).status;
    expect(await act('PUT', '/queues/api/queues/commits/pause')).to.equal(200);
    expect(await site.context.queues.queue('commits').isPaused()).to.equal(true);
    expect(await act('POST', '/queues/api/queues/commits/add')).to.equal(400);
    expect(await act('PATCH', '/queues/api/queues/commits/1/update-data')).to.equal(400);
    expect(await act('PATCH', '/queues/api/queues/observe/job-schedulers/sample')).to.equal(400);
  });

  it('lets a signed-in browser act from a page of Volt only', async () => {
    const cookie = await site.signIn();
    const resume = (more: { [name: string]: string }) =>
      site.ask('/queues/api/queues/commits/resume', { method: 'PUT', headers: { cookie, ...more } });
    expect((await resume({ 'sec-fetch-site': 'cross-site' })).status).to.equal(401);
    expect((await resume({ 'sec-fetch-site': 'same-origin' })).status).to.equal(200);
    expect(await site.context.queues.queue('commits').isPaused()).to.equal(false);
  });

  it('shows the subject of a message, but no plan, password, variable or payload', async () => {
    const build = await site.build('sample');
    const message = {
      v: 1 as const,
      job: `${build}-1` as never,
      attempt: 1,
      build,
      name: 'test',
      labels: [],
      repo: { name: 'sample', url: 'https://bob:canary@git.example/sample.git' },
      ref: 'refs/heads/main',
      sha: 'a'.repeat(40),
      trust: ownTrust,
      plan: {
        kind: 'workflow' as const,
        vars: { DB_HOST: 'canary' },
        inputs: { to: 'canary' },
        event: { client_payload: 'canary' },
      },
      timeout: 60,
    };
    await site.context.queues.sendJobs([{ message, priority: 1 }]);
    const shown = await (await ask('/queues/api/queues?activeQueue=jobs&status=prioritized')).text();
    expect(shown).to.include('"repo":"sample"').and.include('refs/heads/main').and.not.include('canary');
  });

  it('serves only its own files', async () => {
    for (const path of [
      '/queues/static/..%2f..%2fpackage.json',
      '/queues/static/%2e%2e/index.ejs',
      '/queues/static/none.js',
      '/queues/static/',
    ]) {
      expect((await ask(path)).status, path).to.equal(404);
    }
  });
});
