import { expect } from 'chai';
import { listActions } from '../../src/record/audit-search.ts';
import { openCancels, openRetries } from '../../src/record/intents.ts';
import { volt } from '../support/cli.ts';
import { bodyOf, job, Site } from './site.ts';

describe('web: builds that a person acts on together', () => {
  let site: Site;
  let cookie: string;

  before(async () => {
    site = await Site.start();
    cookie = await site.signIn();
  });
  beforeEach(async () => {
    for (const name of ['app', 'lib', 'secret'])
      await site.repository(name, { visibility: name === 'secret' ? 'private' : 'internal' });
  });
  afterEach(async () => {
    for (const table of ['jobs', 'builds', 'intents', 'audit', 'repositories'] as const)
      await site.context.database.db.deleteFrom(table).execute();
  });
  after(() => site.stop());

  const queued = (branch = 'main', repo = 'app') => site.build(repo, { ref: `refs/heads/${branch}` });
  async function ended(repo: string, minutesAgo: number, status: 'error' | 'failure' = 'error'): Promise<string> {
    const id = await site.build(repo);
    await site.begin({ job: job(id), attempt: 1 });
    await site.finish({ job: job(id), attempt: 1 }, { status, reason: 'fetch_failed', message: `<i>no ${repo}</i>` });
    const at = Date.now() - minutesAgo * 60_000;
    await site.context.database.db
      .updateTable('builds')
      .set({ finished_at: at })
      .where('id', '=', Number(id))
      .execute();
    return id;
  }
  const cancels = async () => (await openCancels(site.context.database)).map(({ build }) => build);
  const retries = async () => (await openRetries(site.context.database)).map(({ build }) => build);
  const submit = (path: string, fields: [string, string][], headers: object = {}) =>
    site.ask(path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { cookie, accept: 'text/html', 'sec-fetch-site': 'same-origin', ...headers },
    });
  const hours = (count: number) => new Date(Date.now() - count * 3_600_000).toISOString();

  it('are the queued ones of one branch, not those that a job has begun', async () => {
    const [one, two, begun] = [await queued(), await queued(), await queued()];
    await site.begin({ job: job(begun), attempt: 1 });
    await queued('other');
    await queued('main', 'lib');
    const answer = await site.post('/api/v1/builds/cancel-queued', { repo: 'app', branch: 'main' });
    expect(answer.status).to.equal(202);
    const { builds, left } = await bodyOf(answer);
    expect(builds.map(({ id }: { id: string }) => id)).to.deep.equal([two, one]);
    expect(left).to.equal(0);
    expect(await cancels()).to.have.members([one, two]);
    const [intent] = await openCancels(site.context.database);
    expect(intent?.because).to.deep.equal({ reason: 'by_user', message: 'cancelled by owner' });
    const again = await site.post('/api/v1/builds/cancel-queued', { repo: 'app', branch: 'main' });
    expect(again.status, 'they are being cancelled').to.equal(409);
  });

  it('are in one entry of the audit log, which names how many and which', async () => {
    await queued();
    await queued();
    await site.post('/api/v1/builds/cancel-queued', { repo: 'app', branch: 'main' });
    const [entry] = await listActions(site.context.database, { limit: 1 });
    expect(entry).to.include({ actor: 'owner', action: 'builds.cancel-queued', target: '2 builds: app#2, app#1' });
  });

  it('are those that ended in an error since a time, of one repository or of all', async () => {
    const [old, app, lib] = [await ended('app', 300), await ended('app', 30), await ended('lib', 30)];
    await ended('app', 30, 'failure');
    await site.post('/api/v1/builds/retry-errors', { since: hours(2), repo: 'app' });
    expect(await retries()).to.deep.equal([app]);
    expect((await openRetries(site.context.database))[0]).to.include({ failedOnly: true });
    await site.post('/api/v1/builds/retry-errors', { since: hours(2) });
    expect(await retries()).to.have.members([app, lib]);
    await site.post('/api/v1/builds/retry-errors', { since: hours(9) });
    expect(await retries()).to.have.members([app, lib, old]);
    const listed = await site.json(`/api/v1/builds?status=error&endedSince=${hours(2)}`);
    expect(listed.builds.map(({ id }: { id: string }) => id)).to.deep.equal([lib, app]);
  });

  it('are at most 100 at a time, the newest, and the answer says how many are left', async () => {
    for (let count = 0; count < 102; count++) await queued();
    const page = await site.page('/builds/cancel-queued?repo=app&branch=main', { cookie });
    expect(page).to.include('newest 100 of 102').and.include('Cancel 100 builds');
    const { builds, left } = await bodyOf(
      await site.post('/api/v1/builds/cancel-queued', { repo: 'app', branch: 'main' }),
    );
    expect([builds.length, builds[0].number, left]).to.deep.equal([100, 102, 2]);
    const [entry] = await listActions(site.context.database, { limit: 1 });
    expect(entry?.target).to.match(/^100 builds: app#102, .*app#3$/);
  });

  it('are listed by a page before they are cancelled, and those that come later stay', async () => {
    const seen = await queued();
    const page = await site.page('/builds/cancel-queued?repo=app&branch=main', { cookie });
    expect(page).to.include(`name="build" value="${seen}"`).and.include('Cancel 1 build');
    const later = await queued();
    const fields: [string, string][] = [
      ['repo', 'app'],
      ['branch', 'main'],
      ['build', seen],
    ];
    const answer = await submit('/builds/cancel-queued', fields);
    expect(answer.status).to.equal(303);
    expect(answer.headers.get('location')).to.match(/\?repo=app&branch=main$/);
    expect(await cancels())
      .to.deep.equal([seen])
      .and.not.include(later);
    expect((await submit('/builds/cancel-queued', fields)).status, 'again').to.equal(303);
    expect(await cancels()).to.have.lengthOf(1);
    expect(await site.page('/builds/cancel-queued?repo=app&branch=none', { cookie })).to.include('is queued');
  });

  it('are listed by a page before they are retried, of the time that the person chooses', async () => {
    const [old, fresh] = [await ended('app', 60 * 30), await ended('app', 10)];
    const page = await site.page('/builds/retry-errors?repo=app', { cookie });
    expect(page).to.include(`value="${fresh}"`).and.not.include(`value="${old}"`);
    expect(page).to.include('&lt;i&gt;no app&lt;/i&gt;').and.include('Retry 1 build');
    const longer = await site.page('/builds/retry-errors?repo=app&since=7d', { cookie });
    expect(longer).to.include(`value="${old}"`);
    expect(await site.page('/builds/retry-errors?since=soon', { cookie })).to.include('aria-invalid="true"');
    const since = /name="since" value="([^"]+Z)"/.exec(page)?.[1] ?? '';
    const answer = await submit('/builds/retry-errors', [
      ['repo', 'app'],
      ['since', since],
      ['build', fresh],
    ]);
    expect(answer.status).to.equal(303);
    expect(await retries()).to.deep.equal([fresh]);
    const [entry] = await listActions(site.context.database, { limit: 1 });
    expect(entry).to.include({ action: 'builds.retry-errors', target: '1 build: app#2' });
  });

  it('are only those that the token covers', async () => {
    const { token } = await bodyOf(await site.post('/api/v1/tokens', { name: 'lib', role: 'approve', repos: ['lib'] }));
    const [, lib] = [await ended('app', 5), await ended('lib', 5), await ended('secret', 5)];
    const send = (path: string, body: object) =>
      site.fetch(`/api/v1/builds/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
    expect((await send('retry-errors', { since: hours(1) })).status).to.equal(202);
    expect(await retries()).to.deep.equal([lib]);
    expect((await send('retry-errors', { since: hours(1), repo: 'app' })).status).to.equal(403);
    expect((await send('cancel-queued', { repo: 'app', branch: 'main' })).status).to.equal(403);
    expect((await send('cancel-queued', { repo: 'secret', branch: 'main' })).status).to.equal(404);
  });

  it('need a token, and a form of a page of Volt', async () => {
    for (const path of ['/builds/cancel-queued?repo=app&branch=main', '/builds/retry-errors']) {
      const answer = await site.fetch(path, { headers: { accept: 'text/html' } });
      expect(answer.headers.get('location')).to.match(/^\/sign-in\?next=/);
    }
    const forged = { 'sec-fetch-site': 'cross-site' };
    const fields: [string, string][] = [
      ['repo', 'app'],
      ['branch', 'main'],
    ];
    expect((await submit('/builds/cancel-queued', fields, forged)).status).to.equal(401);
    expect((await submit('/builds/cancel-queued', [['repo', 'app']])).status).to.equal(400);
    expect((await submit('/builds/retry-errors', [['since', 'x\r\ny']])).status).to.equal(400);
  });

  it('are at most as many as a page lists, whatever a form names', async () => {
    const build = await queued();
    const others = Array.from({ length: 40_000 }, (_, index): [string, string] => ['build', String(1e6 + index)]);
    const fields: [string, string][] = [['repo', 'app'], ['branch', 'main'], ['build', build], ...others];
    expect((await submit('/builds/cancel-queued', fields)).status).to.equal(303);
    expect(await cancels()).to.deep.equal([build]);
  });

  it('are listed, cancelled and retried by commands', async () => {
    const data = ['--data', site.context.config.dataDir];
    const one = await queued();
    const dry = await volt(['cancel', '--queued', '--repo', 'app', '--branch', 'main', '--dry-run', ...data]);
    expect(dry.stdout, dry.stderr).to.match(/^app#1 main queued\n1 build; nothing was done\n$/);
    expect(await cancels()).to.deep.equal([]);
    const error = await ended('lib', 5);
    const listed = await volt(['retry', '--status', 'error', '--since', '2h', '--dry-run', ...data]);
    expect(listed.stdout, listed.stderr).to.match(/^lib#1 main error\n1 build; nothing was done\n$/);
    for (const args of [
      ['cancel', '--queued', '--repo', 'app'],
      ['cancel', 'app#1', '--queued'],
      ['cancel'],
      ['retry', '--status', 'error'],
      ['retry', '--status', 'error', '--since', 'soon'],
      ['retry', '--status', 'failure', '--since', '2h'],
      ['retry', 'app#1', '--since', '2h'],
    ])
      expect((await volt([...args, ...data])).code, args.join(' ')).to.equal(2);
    // no dispatcher is up, so the requests stay open
    await site.context.database.db
      .updateTable('builds')
      .set({ status: 'queued' })
      .where('id', '=', Number(one))
      .execute();
    const retrying = volt(['retry', '--status', 'error', '--since', '2h', ...data]);
    const cancelling = volt(['cancel', '--queued', '--repo', 'app', '--branch', 'main', ...data]);
    const close = setInterval(() => {
      const done = { closed_at: Date.now() };
      void site.context.database.db.updateTable('intents').set(done).where('closed_at', 'is', null).execute();
    }, 200);
    try {
      expect((await retrying).stdout).to.equal('1 build: lib#1 run again\n');
      expect((await cancelling).stdout).to.equal('cancelled 1 build: app#1 of main\n');
    } finally {
      clearInterval(close);
    }
    expect(error).to.be.a('string');
  });
});
