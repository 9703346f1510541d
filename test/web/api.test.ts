import { expect } from 'chai';
import { VoltError } from '../../src/kernel/errors.ts';
import { newStep } from '../../src/kernel/model.ts';
import { closeIntent, failIntent, findIntent } from '../../src/record/intents.ts';
import { noteObserved, noteObserveError } from '../../src/record/observations.ts';
import { removeRepository } from '../../src/record/removal.ts';
import { build, buildList } from '../../src/web/schemas/builds.ts';
import { intent } from '../../src/web/schemas/intents.ts';
import { repositoryList } from '../../src/web/schemas/repositories.ts';
import { errorAnswer } from '../../src/web/schemas/terms.ts';
import { bodyOf, job, Site } from './site.ts';

describe('web: the API', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
  });
  after(() => site.stop());

  describe('builds', () => {
    before(async () => {
      await site.repository('api');
      await site.repository('shop');
      for (let i = 0; i < 3; i++) await site.build('api');
      await site.build('shop', {
        ref: 'refs/heads/fix/totals',
        sha: 'ab'.repeat(20),
        author: 'Grace Hopper',
        subject: 'Fix totals',
      });
      await site.finish({ job: job(await site.build('shop')), attempt: 1 });
    });

    it('are listed newest first, without their jobs', async () => {
      const page = buildList.strict().parse(await site.json('/api/v1/builds'));
      expect(page.builds.map(({ id }) => id)).to.deep.equal(['5', '4', '3', '2', '1']);
      expect(page.builds[0]).to.not.have.property('jobs');
      expect(page.next).to.equal(null);
    });

    it('are listed in pages without gaps', async () => {
      const first = await site.json('/api/v1/builds?limit=2');
      const second = await site.json(`/api/v1/builds?limit=2&before=${first.next}`);
      const third = await site.json(`/api/v1/builds?limit=2&before=${second.next}`);
      const ids = [first, second, third].flatMap(({ builds }) => builds.map(({ id }: { id: string }) => id));
      expect(ids).to.deep.equal(['5', '4', '3', '2', '1']);
      expect(third.next).to.equal(null);
    });

    for (const [query, ids] of [
      ['repo=shop', ['5', '4']],
      ['repo=shop&branch=fix%2Ftotals', ['4']],
      ['status=success', ['5']],
      [`sha=${'ab'.repeat(20)}`, ['4']],
      ['repo=nobody', []],
      ['author=GRACE', ['4']],
      ['text=totals', ['4']],
      ['text=abab', ['4']],
      ['event=push&repo=shop', ['5', '4']],
      ['event=schedule', []],
      ['failing=true', []],
    ] as const) {
      it(`are found by ${decodeURIComponent(query.slice(0, 30))}`, async () => {
        const { builds } = await site.json(`/api/v1/builds?${query}`);
        expect(builds.map(({ id }: { id: string }) => id)).to.deep.equal(ids);
      });
    }

    it('say why a job is queued, by the current runners', async () => {
      const id = await site.build('api', {}, [{ name: 'train', labels: ['gpu'] }]);
      const found = build.strict().parse(await site.json(`/api/v1/builds/${id}`));
      expect(found.jobs[0]).to.include({ status: 'queued', message: 'no runner is connected' });
    });

    it('are answered with jobs, attempts and steps, one at a time', async () => {
      const id = await site.build('api', {}, [
        { name: 'unit', labels: ['linux'] },
        { name: 'deploy', needs: ['unit'] },
      ]);
      await site.begin({ job: job(id), attempt: 1 });
      const at = new Date().toISOString();
      const steps = [
        { ...newStep('npm test'), status: 'failure' as const, exitCode: 3, startedAt: at, finishedAt: at },
      ];
      await site.finish({ job: job(id), attempt: 1 }, { status: 'failure', reason: 'exit_code', exitCode: 3, steps });
      const found = build.strict().parse(await site.json(`/api/v1/builds/${id}`));
      expect(found.jobs.map(({ name, status, needs }) => [name, status, needs])).to.deep.equal([
        ['unit', 'failure', []],
        ['deploy', 'waiting', ['unit']],
      ]);
      expect(found.jobs[0]).to.include({ runner: 'r1', exitCode: 3, reason: 'exit_code', tests: null });
      expect(found.jobs[0]?.attempts).to.have.lengthOf(1);
      expect(found.jobs[0]?.steps).to.deep.equal(steps);
    });
  });

  describe('errors', () => {
    for (const [path, status, code, names] of [
      ['/api/v1/builds?limit=501', 400, 'bad_request', 'limit'],
      ['/api/v1/builds?limit=0', 400, 'bad_request', 'limit'],
      ['/api/v1/builds?status=fine', 400, 'bad_request', 'status'],
      ['/api/v1/builds?sha=abc', 400, 'bad_request', 'sha'],
      ['/api/v1/builds?pull=0', 400, 'bad_request', 'pull'],
      ['/api/v1/builds?before=x', 400, 'bad_request', 'before'],
      ['/api/v1/builds?repo=..%2F..', 400, 'bad_request', 'repo'],
      ['/api/v1/builds/0x1', 400, 'bad_request', 'id'],
      ['/api/v1/builds/api%231', 400, 'bad_request', 'id'],
      ['/api/v1/builds/..%2F..%2Fetc', 400, 'bad_request', 'id'],
      ['/api/v1/builds/99999', 404, 'not_found', '99999'],
      ['/api/v1/jobs/7/log', 400, 'bad_request', 'id'],
      ['/api/v1/jobs/99999-1/log', 404, 'not_found', '99999-1'],
      ['/api/v1/intents/99999', 404, 'not_found', '99999'],
      ['/api/v1/nothing', 404, 'not_found', '/api/v1/nothing'],
      ['/nothing', 404, 'not_found', '/nothing'],
    ] as const) {
      it(`${status} ${code} for ${path}`, async () => {
        const answer = await site.fetch(path);
        expect(answer.status).to.equal(status);
        const { error } = errorAnswer.strict().parse(await bodyOf(answer));
        expect(error.code).to.equal(code);
        expect(error.message).to.include(names);
        expect(error.remedy).to.not.equal('');
      });
    }

    it('400 for a body that is not JSON, and for an invalid one', async () => {
      const headers = { authorization: `Bearer ${site.token}` };
      const broken = await site.fetch('/api/v1/repos/api/trigger', { method: 'POST', headers, body: '{ref' });
      expect([broken.status, (await bodyOf(broken)).error.code]).to.deep.equal([400, 'bad_request']);
      for (const ref of ['--upload-pack=touch /tmp/x', 'a b', 'a\nb', '', 7]) {
        const answer = await site.post('/api/v1/repos/api/trigger', { ref });
        expect(answer.status, String(ref)).to.equal(400);
        const { code, message } = (await bodyOf(answer)).error;
        expect([code, message.includes('ref') || message.includes('branch')], String(ref)).to.deep.equal([
          typeof ref === 'string' ? 'bad_ref' : 'bad_request',
          true,
        ]);
      }
    });

    it('413 for a body of more than 1 MB', async () => {
      const answer = await site.post('/api/v1/repos/api/trigger', { ref: 'x'.repeat(1_100_000) });
      expect([answer.status, (await bodyOf(answer)).error.code]).to.deep.equal([413, 'too_large']);
    });
  });

  describe('repositories', () => {
    it('are listed with their last poll, without passwords', async () => {
      await site.repository('hidden', { url: 'https://bob:secret@git.example/hidden.git', command: 'make test' });
      await noteObserved(site.context.database, 'api', { defaultBranch: 'main', notice: null });
      const remedy = 'See whether it is up.';
      await noteObserveError(
        site.context.database,
        'hidden',
        new VoltError('fetch_failed', 'cannot fetch https://bob:secret@git.example/hidden.git', { remedy }),
      );
      const answer = await site.json('/api/v1/repos');
      expect(JSON.stringify(answer)).to.not.include('secret');
      const { repos, next } = repositoryList.strict().parse(answer);
      expect(next).to.equal(null);
      expect(repos.map(({ name }) => name)).to.deep.equal(['api', 'hidden', 'shop']);
      expect(repos[0]).to.include({ defaultBranch: 'main', error: null });
      expect(repos[1]).to.include({ url: 'https://***@git.example/hidden.git', command: 'make test', pollSeconds: 5 });
      expect(repos[1]?.error).to.include({ code: 'fetch_failed', remedy });
    });
  });

  describe('requests', () => {
    it('a trigger is recorded and announced to the observer of its machine, and its outcome can be read', async () => {
      await site.repository('local', { url: '/srv/git/local', host: 'Box.Example' });
      const answer = await site.post('/api/v1/repos/local/trigger', { ref: 'release/1.0' });
      expect(answer.status).to.equal(202);
      const { intent: id } = await bodyOf(answer);
      expect(await findIntent(site.context.database, id)).to.include({
        kind: 'trigger',
        repo: 'local',
        ref: 'release/1.0',
      });
      const [message] = await site.context.queues.queue('observe.box.example').getJobs();
      expect(message?.data).to.deep.equal({ v: 1, repo: 'local', cause: 'person' });
      const waiting = intent.strict().parse(await site.json(`/api/v1/intents/${id}`));
      expect(waiting).to.deep.equal({ id, kind: 'trigger', open: true, build: null, error: null });
      const made = await site.build('local');
      await site.context.database.write((db) => closeIntent(db, id, made));
      expect(await site.json(`/api/v1/intents/${id}`)).to.include({ open: false, build: made });
    });

    it('a trigger may name a workflow with its inputs, and a dispatch an event', async () => {
      const { database } = site.context;
      const asked = await site.post('/api/v1/repos/local/trigger', { workflow: 'ci.yml', inputs: { level: 'minor' } });
      expect((await findIntent(database, (await bodyOf(asked)).intent))?.event).to.deep.equal({
        name: 'workflow_dispatch',
        workflow: 'ci.yml',
        inputs: { level: 'minor' },
      });
      const sent = await site.post('/api/v1/repos/local/dispatches', {
        event_type: 'deploy',
        client_payload: { a: [1] },
      });
      expect(sent.status).to.equal(202);
      expect((await findIntent(database, (await bodyOf(sent)).intent))?.event).to.deep.equal({
        name: 'repository_dispatch',
        type: 'deploy',
        payload: { a: [1] },
      });
      expect((await site.post('/api/v1/repos/local/trigger', { inputs: { a: 'b' } })).status).to.equal(400);
      expect((await site.post('/api/v1/repos/nowhere/dispatches', { event_type: 'x' })).status).to.equal(404);
    });

    it('a trigger of a workflow is refused if the repository has a command, with a remedy', async () => {
      await site.repository('commanded', { command: 'make test' });
      const answer = await site.post('/api/v1/repos/commanded/trigger', { workflow: 'ci.yml' });
      const { error } = await bodyOf(answer);
      expect([answer.status, error.code]).to.deep.equal([409, 'conflict']);
      expect(error.remedy).to.include('`volt repo set commanded --discover`');
    });

    it('a trigger needs no body', async () => {
      const answer = await site.post('/api/v1/repos/api/trigger');
      expect(answer.status).to.equal(202);
      expect(await findIntent(site.context.database, (await bodyOf(answer)).intent)).to.include({ ref: null });
    });

    it('a trigger that is invalid is refused with the cause', async () => {
      const { intent: id } = await bodyOf(await site.post('/api/v1/repos/api/trigger', { ref: 'nowhere' }));
      const error = { code: 'commit_missing' as const, message: 'there is no "nowhere"', remedy: 'Name another.' };
      await failIntent(site.context.database, id, error);
      expect((await site.json(`/api/v1/intents/${id}`)).error).to.deep.equal(error);
    });

    it('a trigger of an unknown repository is answered with 404', async () => {
      expect((await site.post('/api/v1/repos/nobody/trigger')).status).to.equal(404);
    });

    it('a cancel of a build is recorded and announced to the dispatcher', async () => {
      const id = await site.build('api');
      const answer = await site.post(`/api/v1/builds/${id}/cancel`);
      expect(answer.status).to.equal(202);
      const found = await findIntent(site.context.database, (await bodyOf(answer)).intent);
      expect(found).to.include({ kind: 'cancel', build: id, job: null, open: true });
      const messages = await site.context.queues.queue('advance').getJobs();
      expect(messages.map(({ data }) => data)).to.deep.include({ v: 1, build: id });
    });

    it('a cancel of a job names it', async () => {
      const id = await site.build('api', {}, [{ name: 'a' }, { name: 'b' }]);
      const answer = await site.post(`/api/v1/jobs/${job(id, 2)}/cancel`);
      expect(answer.status).to.equal(202);
      const found = await findIntent(site.context.database, (await bodyOf(answer)).intent);
      expect(found).to.include({ kind: 'cancel', build: id, job: job(id, 2) });
    });

    it('a cancel of a final build or job is answered with 409', async () => {
      const id = await site.build('api');
      await site.finish({ job: job(id), attempt: 1 });
      for (const path of [`/api/v1/builds/${id}/cancel`, `/api/v1/jobs/${job(id)}/cancel`]) {
        const answer = await site.post(path);
        expect([answer.status, (await bodyOf(answer)).error.code], path).to.deep.equal([409, 'conflict']);
      }
    });

    it('a retry is recorded with its jobs and announced to the dispatcher', async () => {
      const id = await site.build('api', {}, [{ name: 'a' }, { name: 'b' }]);
      await site.finish({ job: job(id, 1), attempt: 1 });
      await site.finish({ job: job(id, 2), attempt: 1 }, { status: 'failure', reason: 'exit_code', exitCode: 1 });
      const ways: [path: string, body: object | undefined, wish: object][] = [
        [`/api/v1/builds/${id}/retry`, undefined, { job: null, failedOnly: false }],
        [`/api/v1/builds/${id}/retry`, { failed: true }, { job: null, failedOnly: true }],
        [`/api/v1/jobs/${job(id, 2)}/retry`, undefined, { job: job(id, 2), failedOnly: false }],
      ];
      for (const [path, body, wish] of ways) {
        const answer = await site.post(path, body);
        expect(answer.status, path).to.equal(202);
        const found = await findIntent(site.context.database, (await bodyOf(answer)).intent);
        expect(found, path).to.include({ kind: 'retry', build: id, open: true, ...wish });
      }
      const messages = await site.context.queues.queue('advance').getJobs();
      expect(messages.map(({ data }) => data)).to.deep.include({ v: 1, build: id });
    });

    it('a retry that is impossible is refused with a remedy', async () => {
      const running = await site.build('api');
      const passed = await site.build('api');
      await site.finish({ job: job(passed), attempt: 1 });
      const skipped = await site.build('api');
      await site.finish({ job: job(skipped), attempt: 1 }, { status: 'skipped', reason: 'skip_ci' });
      const refusals: [path: string, body: object, status: number, code: string][] = [
        [`/builds/${running}/retry`, {}, 409, 'conflict'],
        [`/jobs/${job(running)}/retry`, {}, 409, 'conflict'],
        [`/builds/${passed}/retry`, { failed: true }, 409, 'conflict'],
        [`/builds/${skipped}/retry`, {}, 409, 'conflict'],
        [`/builds/${passed}/retry`, { failed: 'yes' }, 400, 'bad_request'],
        ['/builds/99999/retry', {}, 404, 'not_found'],
        [`/jobs/${job(passed, 2)}/retry`, {}, 404, 'not_found'],
        ['/builds/..%2f1/retry', {}, 400, 'bad_request'],
      ];
      for (const [path, body, status, code] of refusals) {
        const answer = await site.post(`/api/v1${path}`, body);
        const { error } = await bodyOf(answer);
        expect([answer.status, error.code], path).to.deep.equal([status, code]);
        expect(error.remedy, path).to.match(/\S/);
      }
    });

    it('a retry is refused if its repository is no longer observed', async () => {
      await site.repository('gone');
      const id = await site.build('gone');
      await site.finish({ job: job(id), attempt: 1 });
      await removeRepository(site.context.database, 'gone', false);
      const answer = await site.post(`/api/v1/builds/${id}/retry`);
      const { error } = await bodyOf(answer);
      expect([answer.status, error.code]).to.deep.equal([409, 'conflict']);
      expect(error.message).to.include('gone is no longer observed');
    });

    it('a request is accepted while Redis is away, because it is in the database', async () => {
      const id = await site.build('api');
      await site.redis.kill();
      try {
        const answer = await site.post(`/api/v1/builds/${id}/cancel`);
        expect(answer.status).to.equal(202);
        expect(await findIntent(site.context.database, (await bodyOf(answer)).intent)).to.include({
          build: id,
          open: true,
        });
      } finally {
        await site.redis.start();
      }
    });
  });
});
