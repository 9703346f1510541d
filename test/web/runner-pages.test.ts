import { expect } from 'chai';
import { measureFleet } from '../../src/dispatcher/fleet-measurement.ts';
import { jobMessageOf } from '../support/messages.ts';
import { job, Site } from './site.ts';

describe('web: pages of runners', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('sample');
  });
  after(() => site.stop());
  afterEach(async () => {
    await site.context.database.db.deleteFrom('builds').execute();
    await site.context.database.db.deleteFrom('fleet_minutes').execute();
    await site.context.access.client.flushall();
  });

  const r1 = { id: 'r1~1', name: 'r1', host: 'machine' };
  const text = (page: string) =>
    page
      .replace(/<[^>]*>/g, ' ')
      .replace(/&quot;/g, '"')
      .replace(/\s+/g, ' ');

  it('count waiting jobs alike in the problem, the list, the chart and the status', async () => {
    const build = await site.build('sample', {}, [{ name: 'unit', labels: ['gpu'] }]);
    const message = jobMessageOf(job(build), { labels: ['gpu'] });
    await site.context.queues.sendJobs([{ message, priority: 1 }]);
    await site.runner('r1');
    await measureFleet(site.context);
    const page = text(await site.page('/runners'));
    expect(page).to.include('1 job is waiting: no runner has the label "gpu"');
    expect(page).to.include('0 of 2 slots busy · 1 job waiting');
    expect(page).to.match(/Waiting jobs, last hour at most 1/);
    const { jobs, problems } = await site.json('/api/v1/status');
    expect(jobs).to.deep.equal({ queued: 1, running: 0 });
    expect(problems.map(({ code }: { code: string }) => code)).to.include('no_matching_runner');
    await site.begin({ job: job(build), attempt: 1 });
    expect(text(await site.page('/runners'))).to.include('· 0 jobs waiting');
  });

  it('show charts of the range that one chooses, also after a restart of the stages', async () => {
    await site.runner('r1', { slots: 3, running: [`${job(await site.build('sample'))}.1`] });
    await measureFleet(site.context);
    // nothing of it is in the memory of a web stage
    for (const [path, words] of [
      ['/runners', 'hour'],
      ['/runners?range=day', '24 hours'],
    ] as const) {
      const page = text(await site.page(path));
      expect(page).to.match(new RegExp(`Waiting jobs, last ${words} at most 1`));
      expect(page).to.match(new RegExp(`Busy slots, last ${words} 1 of 3 on average`));
    }
    expect(await site.page('/runners?range=day')).to.match(/aria-current="true"[^>]*>24 hours/);
    expect(text(await site.page('/runners')), 'the axis begins an hour ago').to.include('−1 h');
    expect(text(await site.page('/runners?range=day'))).to.include('−24 h');
  });

  it('name the jobs that run, and hide those that the reader may not see', async () => {
    await site.repository('hidden', { visibility: 'private' });
    const refs = [await site.build('sample', {}, [{ name: 'unit' }]), await site.build('hidden')].map((build) => ({
      job: job(build),
      attempt: 1,
    }));
    for (const ref of refs) await site.begin(ref, r1);
    await site.runner('r1', { running: refs.map((ref) => `${ref.job}.1`) });
    for (const path of ['/runners', '/runners/r1']) {
      const page = text(await site.page(path));
      expect(page, path).to.match(/sample#1 unit/);
      expect(page, path).to.match(/a job of other repositories|1 job of repositories that you may not read/);
      expect(page, path).to.not.match(/hidden|\d+-\d+\.1/);
    }
    expect(text(await site.page('/runners', { cookie: await site.signIn() }))).to.include('hidden#1 test');
  });

  it('show what a runner is, and for how much of the time its slots were busy', async () => {
    const ref = { job: job(await site.build('sample')), attempt: 1 };
    await site.begin(ref, r1);
    const ended = Date.now();
    await site.finish(ref, { runner: r1, startedAt: ended - 1_800_000, finishedAt: ended });
    await site.context.database.db
      .updateTable('attempts')
      .set({ started_at: ended - 1_800_000 })
      .execute();
    const about = { cores: 8, load: 1.234, isolation: 'sandbox', engine: 'podman 4.9.3, as root' };
    await site.runner('r1', { ...about, slots: 1, labels: ['gpu'] });
    const page = text(await site.page('/runners/r1'));
    expect(page).to.match(/Busy slots 0 of 1 Busy in the last hour 50 % Busy in the last 24 hours 2 %/);
    expect(page).to.include('Load 1.23 on 8 cores').and.include('Isolation sandbox');
    expect(page)
      .to.include('Container engine podman 4.9.3, as root')
      .and.match(/Labels gpu/);
    expect(text(await site.page('/runners'))).to.match(/ready 0 of 1 50 % none gpu 1.23 on 8 cores/);
    await site.runner('r1');
    expect(text(await site.page('/runners/r1')), 'of an older version').to.include('Isolation unknown');
  });

  it('list the jobs that wait for a runner, and why each waits', async () => {
    await site.build('sample', {}, [
      { name: 'any' },
      { name: 'gpu', labels: ['gpu'] },
      { name: 'arm', labels: ['arm'] },
    ]);
    await site.runner('r1', { labels: ['gpu'], slots: 1, running: ['9-1.1'] });
    const page = text(await site.page('/runners/r1'));
    expect(page).to.match(/sample#1 any the only slot is busy/);
    expect(page).to.match(/sample#1 gpu the only slot with gpu is busy/);
    expect(page).to.not.include('sample#1 arm');
    await site.runner('r1', { labels: ['gpu'], drained: true });
    expect(text(await site.page('/runners/r1'))).to.match(
      /any all matching runners are drained: volt runners resume r1/,
    );
    await site.runner('r1', { repos: [['other']] });
    expect(text(await site.page('/runners/r1'))).to.include('No job waits for this runner.');
  });

  it('list the ended jobs of a runner page by page', async () => {
    for (let index = 0; index < 30; index++) {
      const ref = { job: job(await site.build('sample', {}, [{ name: `job ${index}` }])), attempt: 1 };
      await site.begin(ref, r1);
      if (index > 0) await site.finish(ref, { runner: r1 });
    }
    const names = (page: string) =>
      [...text(page).matchAll(/#\d+ job (\d+) passed/g)].map(([, index]) => Number(index));
    const first = await site.page('/runners/r1');
    const older = /href="(\?before=[^"]+)">Older jobs/.exec(first)?.[1] ?? '';
    const second = await site.page(`/runners/r1${older}`);
    // the first of all jobs still runs
    expect([...names(first), ...names(second)]).to.deep.equal(Array.from({ length: 29 }, (_, index) => 29 - index));
    expect(second).to.include('Newest jobs').and.not.include('Older jobs');
  });

  it('do not exist for a name that no runner has had', async () => {
    expect((await site.fetch('/runners/nobody', { headers: { accept: 'text/html' } })).status).to.equal(404);
    const ref = { job: job(await site.build('sample')), attempt: 1 };
    await site.begin(ref, r1);
    expect(text(await site.page('/runners/r1'))).to.include('not connected');
  });

  it('explain each queue to administrators', async () => {
    expect((await site.fetch('/internals', { headers: { accept: 'text/html' } })).headers.get('location')).to.equal(
      '/sign-in?next=%2Finternals',
    );
    expect(await site.page('/runners')).to.not.include('/internals');
    for (const labels of [[], ['gpu', 'linux'], ['plan:pull-request'], ['not:r1'], ['gpu', 'repo:deploy']])
      await site.context.queues.announceLabels(labels);
    await site.repository('local', { url: '/srv/git/local', host: 'Box.Example' });
    await site.context.queues.setAside('forged 1-1.1', ['{}']);
    const cookie = await site.signIn();
    const page = text(await site.page('/internals', { cookie }));
    const words = [
      'advance Builds that a dispatcher looks at again, because a job has ended or a person wants something. 0 0 0 0',
      'jobs Jobs for any runner. 0 0 0 0',
      'jobs.gpu+linux Jobs for runners with the labels "gpu" and "linux".',
      'Jobs of pull requests for any runner that isolates them.',
      'Jobs for any runner but not one that could not start them.',
      'Jobs of deploy, which some runners are reserved for, for runners with the label "gpu".',
      'observe.box.example Polls of repositories that are folders on the machine box.example.',
      'set-aside Dead letters that came through no other queue. No stage takes them: people read and remove them. 0 0 0 1',
    ];
    for (const sentence of words) expect(page).to.include(sentence);
    expect(page).to.match(/No workers of set-aside , which is normal/);
    expect(await site.page('/runners', { cookie }))
      .to.include('href="/internals"')
      .and.not.include('href="/queues"');
    expect(await site.page('/queues', { cookie })).to.include('href="/internals"');
  });
});
