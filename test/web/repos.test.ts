import { realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { expect } from 'chai';
import { observeQueue } from '../../src/queues/names.ts';
import { cursorsOf, moveCursor } from '../../src/record/cursors.ts';
import { findIntent, openCancels, openTrigger } from '../../src/record/intents.ts';
import { TestRepository } from '../support/repository.ts';
import { bodyOf, Site } from './site.ts';

describe('web: repositories', () => {
  let site: Site;
  let repository: TestRepository;

  before(async () => {
    site = await Site.start();
    repository = new TestRepository({ 'a.txt': 'a\n' });
  });

  afterEach(async () => {
    await site.context.access.client.flushall();
    for (const table of ['jobs', 'builds', 'cursors', 'intents', 'repositories'] as const)
      await site.context.database.db.deleteFrom(table).execute();
  });

  after(async () => {
    await site.stop();
    repository.remove();
  });

  function send(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${site.token}`, 'content-type': 'application/json' };
    return site.fetch(`/api/v1${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
  const schedules = async (host: string | null) =>
    (await site.context.queues.queue(observeQueue(host)).getJobSchedulers()).map(({ key, every }) => [
      key,
      Number(every),
    ]);
  const looks = async (host: string | null) =>
    (await site.context.queues.queue(observeQueue(host)).getWaiting()).map(({ data }) => data.cause);

  it('are added with default settings, and their polls are scheduled', async () => {
    const answer = await send('POST', '/repos', { url: 'https://git.example/acme/app.git' });
    expect(answer.status).to.equal(201);
    const usual = {
      branches: [],
      tags: [],
      pollSeconds: 5,
      commits: 'every',
      command: null,
      reports: [],
      filter: null,
      host: null,
    };
    expect(await bodyOf(answer)).to.deep.include({ name: 'app', url: 'https://git.example/acme/app.git', ...usual });
    expect(await schedules(null)).to.deep.equal([['app', 5000]]);
  });

  it('are added with settings of their own, also as a path of this machine', async () => {
    const habits = {
      branches: ['main'],
      tags: ['v*'],
      pollSeconds: 60,
      commits: 'latest',
      command: 'make',
      reports: ['o/*.xml'],
      filter: 'blob:none',
    };
    const answer = await send('POST', '/repos', { name: 'mine', url: repository.path, ...habits });
    expect(answer.status).to.equal(201);
    const url = realpathSync(repository.path);
    expect(await bodyOf(answer)).to.deep.include({ name: 'mine', url, host: hostname(), ...habits });
    expect(await site.json('/api/v1/repos/mine')).to.deep.include({ name: 'mine', ...habits, observedAt: null });
    expect(await schedules(hostname())).to.deep.equal([['mine', 60_000]]);
  });

  it('are refused if something is invalid, with the cause', async () => {
    await site.repository('taken');
    const wrong: [object, number, string][] = [
      [{ url: 'ext::sh -c id' }, 400, 'bad_url'],
      [{ url: 'ssh://ada:secret@git.example/app' }, 400, 'bad_url'],
      [{ url: '/nowhere' }, 400, 'no_repository'],
      [{ url: 'https://git.example/app', name: '../app' }, 400, 'bad_name'],
      [{ url: 'https://git.example/app', branches: ['--all'] }, 400, 'bad_ref'],
      [{ url: 'https://git.example/app', tags: ['a..b'] }, 400, 'bad_ref'],
      [{ url: 'https://git.example/app', branches: Array(51).fill('x') }, 400, 'bad_setting'],
      [{ url: 'https://git.example/app', pollSeconds: 0 }, 400, 'bad_setting'],
      [{ url: 'https://git.example/app', command: ' ' }, 400, 'bad_setting'],
      [{ url: 'https://git.example/app', reports: ['../*.xml'] }, 400, 'bad_setting'],
      [{ url: 'https://git.example/app', depth: 50 }, 400, 'bad_request'],
      [{ url: 'https://git.example/app', filter: 'tree:0' }, 400, 'bad_setting'],
      [{ url: 'https://git.example/app', branch: 'main' }, 400, 'bad_request'],
      [{}, 400, 'bad_request'],
      [{ url: 'https://git.example/other', name: 'taken' }, 409, 'name_taken'],
    ];
    for (const [body, status, code] of wrong) {
      const answer = await send('POST', '/repos', body);
      const { error } = await bodyOf(answer);
      expect([answer.status, error.code], JSON.stringify(body)).to.deep.equal([status, code]);
      expect(`${error.message}${error.remedy}`).to.not.include('secret');
    }
    expect((await site.json('/api/v1/repos')).repos.map(({ name }: { name: string }) => name)).to.deep.equal(['taken']);
  });

  it('that are a missing path name the machine that was searched', async () => {
    const { error } = await bodyOf(await send('POST', '/repos', { url: '/nowhere' }));
    expect(error.remedy).to.include(hostname());
  });

  it('are changed in part, and polled at once', async () => {
    await send('POST', '/repos', { name: 'app', url: 'https://git.example/app', tags: ['v*'] });
    await site.context.queues.queue(observeQueue(null)).drain(true);
    const answer = await send('PATCH', '/repos/app', { branches: ['dev'], pollSeconds: 9 });
    expect(answer.status).to.equal(200);
    expect(await bodyOf(answer)).to.deep.include({ branches: ['dev'], tags: ['v*'], pollSeconds: 9, command: null });
    expect(await schedules(null)).to.deep.equal([['app', 9000]]);
    expect(await looks(null)).to.include('person');
    expect((await send('PATCH', '/repos/app', { branches: ['a b'] })).status).to.equal(400);
    expect((await send('PATCH', '/repos/app', { url: 'https://git.example/other' })).status).to.equal(400);
    expect((await send('PATCH', '/repos/gone', { branches: [] })).status).to.equal(404);
  });

  it('that are removed have no polls and no open builds, fail open requests, and keep their history', async () => {
    const { database } = site.context;
    await send('POST', '/repos', { name: 'app', url: 'https://git.example/app' });
    const [open, ended] = [await site.build('app'), await site.build('app')];
    await database.db
      .updateTable('builds')
      .set({ finished_at: 1, status: 'success' })
      .where('id', '=', Number(ended))
      .execute();
    const wish = await openTrigger(database, 'app', null);
    const answer = await send('DELETE', '/repos/app');
    expect(await bodyOf(answer)).to.deep.equal({ cancelled: [open], purge: false });
    expect((await openCancels(database)).map(({ build }) => build)).to.deep.equal([open]);
    expect(await findIntent(database, wish)).to.deep.include({ open: false });
    expect(await schedules(null)).to.deep.equal([]);
    expect((await site.json('/api/v1/repos')).repos).to.deep.equal([]);
    expect((await site.json('/api/v1/builds?repo=app')).builds).to.have.length(2);
    expect((await send('DELETE', '/repos/app')).status, 'again').to.equal(404);
    expect((await send('POST', '/repos/app/trigger')).status).to.equal(404);
  });

  it('that are added again have their history, also at another address, and the heads of their branches are built', async () => {
    const { database } = site.context;
    await send('POST', '/repos', { name: 'app', url: 'https://git.example/app' });
    await site.build('app');
    const at = { ref: 'refs/heads/main', sha: 'a'.repeat(40), generation: 3 };
    await database.write((db) => moveCursor(db, 'app', null, at));
    await send('DELETE', '/repos/app');
    expect((await cursorsOf(database, 'app')).get(at.ref)).to.include({ absent: true });
    const answer = await send('POST', '/repos', { name: 'app', url: 'https://new.example/app' });
    expect(answer.status).to.equal(201);
    expect((await cursorsOf(database, 'app')).get(at.ref)).to.deep.include({
      generation: 4,
      absent: true,
      again: true,
    });
    expect((await site.json('/api/v1/builds?repo=app')).builds).to.have.length(1);
  });

  it('that are being removed keep their name from another repository', async () => {
    await send('POST', '/repos', { url: 'https://git.example/acme/app' });
    await send('DELETE', '/repos/app');
    expect(await bodyOf(await send('POST', '/repos', { url: 'https://git.example/other/app' }))).to.include({
      name: 'app-2',
    });
    expect(await bodyOf(await send('POST', '/repos', { url: 'https://git.example/acme/app' }))).to.include({
      name: 'app',
    });
  });

  it('cannot be added again while their history is being deleted', async () => {
    await send('POST', '/repos', { name: 'app', url: 'https://git.example/app' });
    await site.build('app');
    expect(await bodyOf(await send('DELETE', '/repos/app?purge=1'))).to.include({ purge: true });
    const { error } = await bodyOf(await send('POST', '/repos', { name: 'app', url: 'https://git.example/app' }));
    expect(error.code).to.equal('conflict');
  });

  it('cannot be changed without a token', async () => {
    await site.repository('app');
    for (const [method, path] of [
      ['POST', '/repos'],
      ['PATCH', '/repos/app'],
      ['DELETE', '/repos/app'],
    ] as const) {
      expect((await site.fetch(`/api/v1${path}`, { method })).status, method).to.equal(401);
    }
  });
});
