import { expect } from 'chai';
import { jobQueue } from '../../src/queues/names.ts';
import { listActions } from '../../src/record/audit-search.ts';
import { readRunnerRules } from '../../src/redis/runner-rules.ts';
import { jobMessageOf } from '../support/messages.ts';
import { stranger } from '../support/runner-keys.ts';
import { job, Site } from './site.ts';

describe('web: draining a runner', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('sample');
  });
  after(() => site.stop());

  const shown = async () => (await site.json('/api/v1/runners')).runners[0];
  const drain = (body: object = {}) => site.post('/api/v1/runners/r1/drain', body);
  const isOrdered = async () => (await readRunnerRules(site.context.access, stranger().publicKey, 'r1'))?.isDrained;

  it('tells it to take no more jobs, and says who has drained it and why until it is resumed', async () => {
    const ref = { job: job(await site.build('sample')), attempt: 1 };
    await site.begin(ref);
    await site.runner('r1', { drained: false, running: [`${ref.job}.1`] });
    expect(await shown()).to.include({ state: 'ready', drain: null, canDrain: true });
    expect((await drain({ reason: '  new disk ' })).status).to.equal(200);
    expect(await isOrdered()).to.equal(true);
    expect(await shown()).to.include({ state: 'draining' });
    expect((await shown()).drain).to.include({ runner: 'r1', by: 'owner', reason: 'new disk' });
    await site.runner('r1', { drained: true, running: [`${ref.job}.1`] });
    for (const path of ['/runners', '/runners/r1']) {
      const page = await site.page(path);
      expect(page)
        .to.include('draining (1 job)')
        .and.match(/drained by owner, .*: new disk/);
    }
    await site.runner('r1', { drained: true, reporting: [`${ref.job}.1`] });
    expect((await shown()).state, 'its outcome is not recorded yet').to.equal('draining');
    await site.runner('r1', { drained: true });
    expect((await shown()).state).to.equal('drained');
    expect((await site.json('/api/v1/status')).runners).to.include({ count: 1, drained: 1, stopping: 0 });
    expect((await site.post('/api/v1/runners/r1/resume')).status).to.equal(200);
    expect(await isOrdered()).to.equal(false);
    expect((await shown()).drain).to.equal(null);
  });

  it('lasts while the runner is not connected', async () => {
    await site.runner('r1', { drained: false });
    await drain();
    const { access } = site.context;
    await access.client.del(access.keys.member('runner', 'r1~1'));
    const { runners, away } = await site.json('/api/v1/runners');
    expect(runners).to.deep.equal([]);
    expect(away[0]).to.include({ runner: 'r1', by: 'owner', reason: null });
    expect(await site.page('/runners')).to.match(/r1<\/a> is not connected and drained by owner/);
    expect((await site.post('/api/v1/runners/r1/resume')).status).to.equal(200);
    expect((await site.json('/api/v1/runners')).away).to.deep.equal([]);
  });

  it('says that a runner of an older version cannot be drained', async () => {
    await site.runner('r1');
    await drain();
    expect(await shown()).to.include({ state: 'draining', canDrain: false });
    expect(await site.page('/runners/r1')).to.include('cannot be drained');
    await site.post('/api/v1/runners/r1/resume');
  });

  it('is the reason why jobs wait that only drained runners may take', async () => {
    const build = await site.build('sample');
    await site.context.queues.sendJobs([{ message: jobMessageOf(`${job(build)}`), priority: 1 }]);
    await site.runner('r1', { drained: true });
    const problems = async () => (await site.json('/api/v1/status')).problems;
    const found = (await problems()).find(({ code }: { code: string }) => code === 'runners_drained');
    expect(found).to.include({
      message: '1 job is waiting: the only matching runner, r1, is drained',
      remedy: 'Let it take jobs again: `volt runners resume r1`.',
    });
    const why = 'all matching runners are drained: volt runners resume r1';
    expect((await site.json('/api/v1/status')).oldest.why).to.equal(why);
    expect((await site.json(`/api/v1/builds/${build}`)).jobs[0].message).to.equal(why);
    await site.runner('r2', { drained: false });
    expect((await problems()).map(({ code }: { code: string }) => code)).to.not.include('runners_drained');
    await site.context.queues.queue(jobQueue([])).remove(`${job(build)}.1`);
  });

  it('is for administrators, knows its runners, and is in the audit log', async () => {
    await site.runner('r1', { drained: false });
    const { token } = (await (await site.post('/api/v1/tokens', { name: 'writer', role: 'approve' })).json()) as {
      token: string;
    };
    const as = (headers: { [name: string]: string }, path: string) => site.fetch(path, { method: 'POST', headers });
    for (const path of ['/api/v1/runners/r1/drain', '/api/v1/runners/r1/resume', '/runners/r1/drain']) {
      expect((await as({}, path)).status, path).to.equal(401);
      expect((await as({ authorization: `Bearer ${token}` }, path)).status, path).to.equal(403);
    }
    expect((await site.post('/api/v1/runners/typo/drain')).status).to.equal(404);
    expect((await drain({ reason: 'x'.repeat(201) })).status).to.equal(400);
    await drain({ reason: 'maintenance' });
    await site.post('/api/v1/runners/r1/resume');
    const [resumed, drained] = await listActions(site.context.database, { limit: 2 });
    expect(drained).to.include({ actor: 'owner', action: 'runners.drain', target: 'r1', status: 200 });
    expect(resumed).to.include({ actor: 'owner', action: 'runners.resume', target: 'r1', status: 200 });
  });

  it('is a form of its page, for administrators', async () => {
    await site.runner('r1', { drained: false });
    expect(await site.page('/runners/r1')).to.not.include('<form class="inline"');
    const cookie = await site.signIn();
    const headers = { cookie, origin: site.privateUrl };
    const post = (path: string, fields: { [name: string]: string } = {}) =>
      site.ask(path, { method: 'POST', headers, body: new URLSearchParams(fields) });
    expect(await site.page('/runners/r1', { cookie })).to.include('action="/runners/r1/drain"');
    const answer = await post('/runners/r1/drain', { reason: 'new disk' });
    expect([answer.status, answer.headers.get('location')]).to.deep.equal([303, '/runners/r1']);
    expect((await shown()).drain.reason).to.equal('new disk');
    expect(await site.page('/runners/r1', { cookie })).to.include('action="/runners/r1/resume"');
    await post('/runners/r1/resume');
    expect((await shown()).drain).to.equal(null);
  });
});
