import { expect } from 'chai';
import { includes, type Role, roles } from '../../src/kernel/roles.ts';
import { grantRole, revokeRole } from '../../src/record/grants.ts';
import { addNotice } from '../../src/record/new-notices.ts';
import { mute } from '../../src/record/notice-mutes.ts';
import { findNoticeTarget, listNoticeTargets } from '../../src/record/notice-targets.ts';
import { listNotices } from '../../src/record/notices.ts';
import { setBlocked } from '../../src/record/people.ts';
import { removeRepository } from '../../src/record/removal.ts';
import type { Route } from '../../src/web/api/route.ts';
import { routes } from '../../src/web/api/routes.ts';
import { startWeb, type WebStage } from '../../src/web/start.ts';
import { volt } from '../support/cli.ts';
import { bodyOf, job, Site } from './site.ts';
import { EventReader } from './sse.ts';

describe('web: the roles of people', () => {
  let site: Site;
  let build: string;
  before(async () => {
    site = await Site.start({ reading: 'token' });
    for (const name of ['app', 'lib']) await site.repository(name);
    await site.repository('vault', { visibility: 'private' });
    build = await site.build('app');
  });
  after(() => site.stop());

  const grant = (who: string, role: Role, ...repos: string[]) =>
    grantRole(site.context.database, { who, role, repos }, 'owner');
  const ask = (cookie: string, path: string, method = 'GET', accept = 'application/json') =>
    site.ask(path, { method, headers: { cookie, accept, origin: site.privateUrl } });
  const statusOf = async (...request: Parameters<typeof ask>) => (await ask(...request)).status;

  /** The path of a route about the repository `app`. */
  const pathOf = ({ path }: Route) =>
    `/api/v1${path}`
      .replace('/builds/:id', `/builds/${build}`)
      .replace('/jobs/:id', `/jobs/${job(build as never)}`)
      .replace('/repos/:name', '/repos/app')
      .replace(/:(environment|entry|person|name|id)/g, '1')
      // a ref that no observer is asked about
      .replace('/workflows', '/workflows?ref=..');

  it('allow on each route of the API what the route declares, in the repositories of the grant alone', async () => {
    const withRepository = routes.filter(
      ({ method, path, confidential }) =>
        /^\/(repos\/:name|builds\/:id|jobs\/:id)/.test(path) && (method !== 'get' || confidential === true),
    );
    expect(withRepository.length).to.be.above(20);
    for (const role of roles.slice(0, -1)) {
      const cookie = await site.signInAs(`only-${role}`);
      await grant(`only-${role}`, role, 'app');
      for (const route of withRepository) {
        const { error } = await bodyOf(await ask(cookie, pathOf(route), route.method.toUpperCase(), '*/*'));
        const isRefused = error?.code === 'role_needed';
        const isEnough = route.role !== null && includes(role, route.role);
        expect(isRefused, `${route.method} ${route.path} with ${role}`).to.equal(!isEnough);
        if (!/^\/repos\/:name/.test(route.path)) continue;
        const elsewhere = await ask(cookie, pathOf(route).replace('/app', '/lib'), route.method.toUpperCase());
        expect(elsewhere.status, `${route.method} ${route.path} of another`).to.equal(isEnough ? 404 : 403);
      }
    }
  });

  it('are none for somebody new, whom pages tell who can give some', async () => {
    const cookie = await site.signInAs('newcomer');
    expect(await site.page('/', { cookie })).to.include('or give you a role');
    for (const path of ['/runners', '/metrics', '/api/v1/status', '/api/v1/runners'])
      expect(await statusOf(cookie, path), path).to.equal(403);
    for (const path of ['/repos/app', `/builds/${build}`, '/api/v1/repos/app', '/badge/app.svg'])
      expect(await statusOf(cookie, path), path).to.equal(404);
    const page = await (await ask(cookie, '/runners', 'GET', 'text/html')).text();
    expect(page).to.include('volt access grant newcomer read --repo REPO');
    expect((await bodyOf(await ask(cookie, '/api/v1/builds'))).builds).to.deep.equal([]);
  });

  it('of a group are those of everybody in it, also in private repositories', async () => {
    await grant('group:corp/dev', 'run', 'vault', 'ap*');
    const cookie = await site.signInAs('grace', ['dev']);
    const { repos } = await bodyOf(await ask(cookie, '/api/v1/repos'));
    expect(repos.map(({ name }: { name: string }) => name)).to.deep.equal(['app', 'vault']);
    expect(await statusOf(cookie, '/api/v1/repos/vault/trigger', 'POST')).to.equal(202);
    expect(await statusOf(cookie, '/api/v1/repos/lib/trigger', 'POST')).to.equal(404);
    const left = await site.signInAs('grace', []);
    for (const one of [cookie, left]) expect(await statusOf(one, '/api/v1/repos/vault')).to.equal(404);
  });

  it('of a group end 30 days after the provider has told it, since a token never asks the provider again', async () => {
    await grant('group:corp/leavers', 'read', 'app');
    const cookie = await site.signInAs('ivan', ['leavers']);
    expect(await statusOf(cookie, '/api/v1/repos/app')).to.equal(200);
    await site.context.database.write((db) =>
      db
        .updateTable('identities')
        .set((eb) => ({ groups_until: eb('groups_until', '-', 30 * 24 * 3600_000) }))
        .where('login', '=', 'ivan')
        .execute(),
    );
    expect(await statusOf(cookie, '/api/v1/repos/app')).to.equal(404);
    await site.signInAs('ivan', ['leavers']);
    expect(await statusOf(cookie, '/api/v1/repos/app')).to.equal(200);
  });

  it('end at once when they are revoked, and all of them when the person is blocked', async () => {
    const cookie = await site.signInAs('heidi');
    await grant('heidi', 'own', 'app');
    expect(await statusOf(cookie, '/api/v1/repos/app/secrets')).to.equal(200);
    await grant('heidi', 'read', 'app');
    await revokeRole(site.context.database, { who: 'heidi', role: 'own' });
    expect(await statusOf(cookie, '/api/v1/repos/app/secrets')).to.equal(403);
    expect(await statusOf(cookie, '/api/v1/repos/app')).to.equal(200);
    await setBlocked(site.context.database, 'heidi', true);
    expect(await statusOf(cookie, '/api/v1/repos/app')).to.equal(401);
  });

  describe('in the middle of a stream', () => {
    let second: WebStage;
    before(async () => {
      second = await startWeb(site.context, { host: '127.0.0.1', port: 0 });
    });
    after(() => second.stop());

    /** Streams of somebody at both web stages: changes of builds, and a log that grows. */
    async function streamsOf(login: string, groups: string[] = []): Promise<EventReader[]> {
      const open = async ({ url }: { url: string }) => {
        const cookie = await site.signInAs(login, groups, url);
        const log = `${url}/api/v1/jobs/${job(build as never)}/log?follow=1`;
        return Promise.all([`${url}/api/v1/events`, log].map((address) => EventReader.open(address, { cookie })));
      };
      return [...(await open(site)), ...(await open(second))];
    }

    const acts: { [what: string]: (login: string) => Promise<unknown> } = {
      'when a role is revoked': (login) => revokeRole(site.context.database, { who: login }),
      'when the provider tells another group': (login) => site.signInAs(login, ['others']),
      'when the person is blocked': (login) => setBlocked(site.context.database, login, true),
    };
    for (const [what, act] of Object.entries(acts))
      it(`end it on every web stage ${what}`, async () => {
        const login = what.replaceAll(' ', '-');
        await site.signInAs(login, ['listeners']);
        await grant(what.includes('group') ? 'group:corp/listeners' : login, 'run', 'app');
        const streams = await streamsOf(login, ['listeners']);
        const seen = await site.build('app');
        await site.announce(seen, 'app', 'queued');
        for (const stream of streams.filter((_, index) => index % 2 === 0))
          expect((await stream.next())?.data).to.include(`"build":"${seen}"`);
        await act(login);
        for (const stream of streams) expect(await stream.rest()).to.deep.equal([]);
      });
  });

  it('decide which buttons a page shows', async () => {
    const page = async (role: Role) => {
      await grant(`sees-${role}`, role, ...(role === 'admin' ? ['*'] : ['app']));
      return site.page(`/builds/${build}`, { cookie: await site.signInAs(`sees-${role}`) });
    };
    for (const role of ['read', 'run', 'admin'] as const) await site.signInAs(`sees-${role}`);
    expect(await page('read'))
      .to.include('Sign out')
      .and.not.include('Cancel build');
    const reads = await site.signInAs('sees-read');
    expect(await site.page('/repos/app', { cookie: reads })).to.not.include('Build now');
    expect(await page('run'))
      .to.include('Cancel build')
      .and.not.include('href="/audit"');
    expect(await page('admin')).to.include('href="/audit"');
  });

  it('let owners manage the targets of notices that hear of their repositories alone, at public addresses', async () => {
    const cookie = await site.signInAs('olga');
    await grant('olga', 'own', 'app', 'team-*');
    const send = async (method: string, path: string, body?: object, as = cookie) => {
      const headers = { cookie: as, origin: site.privateUrl };
      const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
      const answer = await site.ask(`/api/v1${path}`, init);
      return { status: answer.status, body: await bodyOf(answer) };
    };
    const target = (name: string, repos?: string[]) => ({ name, kind: 'ntfy', to: 'https://ntfy.example/x', repos });
    expect((await send('POST', '/notice-targets', target('hers', ['app', 'team-web', 'team-*']))).status).to.equal(201);
    for (const repos of [undefined, ['*'], ['lib'], ['app', 'te*'], ['app', 'lib']])
      expect((await send('POST', '/notice-targets', target('more', repos))).status, String(repos)).to.equal(403);
    const audits = await send('POST', '/notice-targets', { ...target('audits', ['app']), on: 'audit' });
    expect(audits.status).to.equal(403);
    expect((await send('PATCH', '/notice-targets/hers', { on: 'audit' })).status).to.equal(403);
    await site.post('/api/v1/notice-targets', target('all'));
    await site.post('/api/v1/notice-targets', target('app', ['app']));
    const names = ({ targets }: { targets: { name: string }[] }) => targets.map(({ name }) => name);
    expect(names((await send('GET', '/notice-targets')).body)).to.deep.equal(['app', 'hers']);
    for (const [method, path] of [
      ['PATCH', '/notice-targets/all'],
      ['POST', '/notice-targets/all/test'],
      ['DELETE', '/notice-targets/all'],
    ] as const)
      expect((await send(method, path)).status, path).to.equal(404);
    expect((await send('PATCH', '/notice-targets/hers', { repos: ['lib'] })).status).to.equal(403);
    const isPrivate = async (name: string) =>
      (
        await site.context.database.db
          .selectFrom('notice_targets')
          .select('private')
          .where('name', '=', name)
          .executeTakeFirstOrThrow()
      ).private === 1;
    expect([await isPrivate('hers'), await isPrivate('app')]).to.deep.equal([false, true]);
    expect((await send('PATCH', '/notice-targets/app', { to: 'http://10.0.0.1/x' })).status).to.equal(200);
    expect(await isPrivate('app'), 'once an owner has given the address').to.equal(false);
    await site.post('/api/v1/notice-targets/all/test');
    await site.post('/api/v1/notice-targets/hers/test');
    const { notices } = (await send('GET', '/notices')).body;
    expect(new Set(notices.map((one: { target: string }) => one.target))).to.deep.equal(new Set(['hers']));
    const page = await site.page('/notices', { cookie });
    expect(page).to.include('/notices/hers/test').and.not.include('/notices/all/test');
    for (const act of ['', '/test', '/unmute', '/remove'])
      expect(await statusOf(cookie, `/notices/all${act}`, 'POST', 'text/html'), `page ${act}`).to.equal(404);
    expect(await statusOf(cookie, '/notices/hers', 'GET', 'text/html')).to.equal(200);
    expect(await statusOf(cookie, '/notices/all', 'GET', 'text/html')).to.equal(404);
    expect((await send('DELETE', '/notice-targets/hers')).status).to.equal(200);
  });

  it('let owners send mail to no authors in domains that they name, since authors are forged', async () => {
    const cookie = await site.signInAs('oscar');
    await grant('oscar', 'own', 'app');
    const send = async (method: string, path: string, body: object) => {
      const headers = { cookie, origin: site.privateUrl };
      return (await site.ask(`/api/v1/notice-targets${path}`, { method, headers, body: JSON.stringify(body) })).status;
    };
    const mail = { name: 'mail', kind: 'mail', to: 'committers', repos: ['app'] };
    const options = { domains: ['victims.example'] };
    expect(await send('POST', '', { ...mail, options })).to.equal(403);
    expect(await send('POST', '', mail)).to.equal(201);
    expect(await send('PATCH', '/mail', { options })).to.equal(403);
    expect(await send('PATCH', '/mail', { options: { digest: '08:00' } })).to.equal(200);
  });

  it('of owners who have lost theirs stop the targets that they have added, until another owner takes these over', async () => {
    const { database } = site.context;
    const [ina, jon] = [await site.signInAs('ina'), await site.signInAs('jon')];
    for (const who of ['ina', 'jon']) await grant(who, 'own', 'vault');
    const by = (cookie: string, method: string, path: string, body?: object) =>
      site.ask(`/api/v1/notice-targets${path}`, {
        ...{ method, headers: { cookie, origin: site.privateUrl } },
        ...(body && { body: JSON.stringify(body) }),
      });
    const target = { name: 'inas', kind: 'ntfy', to: 'https://ntfy.example/inas', repos: ['vault'] };
    expect((await by(ina, 'POST', '', target)).status).to.equal(201);
    const found = async () => {
      const { maintainer, problem } = await findNoticeTarget(database, 'inas');
      return [maintainer, problem?.code];
    };
    expect((await by(jon, 'POST', '/inas/test')).status).to.equal(202);
    expect(await found()).to.deep.equal(['ina', undefined]);
    await revokeRole(database, { who: 'ina', repos: ['vault'] });
    expect((await by(ina, 'POST', '/inas/test')).status).to.equal(403);
    expect(await found()).to.deep.equal(['ina', 'target_unowned']);
    for (const path of ['/notices', '/notices/inas'])
      expect(await site.page(path, { cookie: jon }), path).to.include(
        'what ina, who answers for the target, does not own',
      );
    expect((await by(jon, 'POST', '/inas/test')).status).to.equal(202);
    expect(await found()).to.deep.equal(['jon', undefined]);
    await setBlocked(database, 'jon', true);
    const form = { method: 'POST', headers: { cookie: await site.signIn(), origin: site.privateUrl } };
    expect((await site.ask('/notices/inas', { ...form, body: new URLSearchParams({ title: '' }) })).status).to.equal(
      303,
    );
    expect(await found()).to.deep.equal([null, undefined]);
  });

  it('let owners read of the log of a target what is about their repositories, whatever it has heard of before', async () => {
    const { database } = site.context;
    const cookie = await site.signInAs('oona');
    await grant('oona', 'own', 'app');
    await site.post('/api/v1/notice-targets', { name: 'narrowed', kind: 'mail', to: 'committers' });
    const hidden = await site.build('vault');
    for (const repo of ['app', 'vault'])
      await mute(database, { target: 'narrowed', recipient: `mallory@${repo}.example` }, { repo, branch: null });
    for (const [at, recipient] of [
      [build, 'ada@app.example'],
      [hidden, 'eve@vault.example'],
    ] as const)
      await database.write((db) =>
        addNotice(db, {
          ...{ target: 'narrowed', recipient, build: Number(at), event: 'broken', since: null },
          why: '',
        }),
      );
    const narrowed = await site.ask('/api/v1/notice-targets/narrowed', {
      ...{ method: 'PATCH', headers: { authorization: `Bearer ${site.token}` } },
      body: JSON.stringify({ repos: ['app'] }),
    });
    expect(narrowed.status).to.equal(200);
    const { targets } = await bodyOf(await ask(cookie, '/api/v1/notice-targets'));
    const { mutes } = targets.find(({ name }: { name: string }) => name === 'narrowed');
    expect(mutes.map(({ repo }: { repo: string }) => repo)).to.deep.equal(['app']);
    const { notices } = await bodyOf(await ask(cookie, '/api/v1/notices?target=narrowed'));
    expect(notices.map(({ recipient }: { recipient: string }) => recipient)).to.deep.equal(['ada@app.example']);
    for (const path of ['/notices', '/notices/narrowed'])
      expect(await site.page(path, { cookie }), path)
        .to.include('ada@app.example')
        .and.not.include('vault.example');
    const [last] = (await listNotices(database, { target: 'narrowed', limit: 1 })).map(({ id }) => id);
    expect(await statusOf(cookie, `/api/v1/notices/${last}`)).to.equal(404);
    expect(await statusOf(await site.signIn(), `/api/v1/notices/${last}`)).to.equal(200);
  });

  it('let nobody use the tests of targets to send much mail', async () => {
    const cookie = await site.signInAs('otto');
    await grant('otto', 'own', 'app');
    const to = 'somebody@elsewhere.example';
    const body = { name: 'ottos', kind: 'mail', to, repos: ['app'], options: { text: 'You have won' } };
    const headers = { cookie, origin: site.privateUrl };
    await site.ask('/api/v1/notice-targets', { method: 'POST', headers, body: JSON.stringify(body) });
    const paths = Array.from({ length: 22 }, (_, n) =>
      n % 2 ? '/notices/ottos/test' : '/api/v1/notice-targets/ottos/test',
    );
    const statuses = await Promise.all(paths.map((path) => statusOf(cookie, path, 'POST')));
    expect(statuses.filter((status) => status === 429)).to.not.be.empty;
  });

  it('end with the repository, and so do the targets of notices that name it: another may get its name', async () => {
    await site.repository('former');
    const cookie = await site.signInAs('olive');
    await grant('olive', 'own', 'former');
    const body = { name: 'former', kind: 'ntfy', to: 'https://ntfy.example/x', repos: ['former'] };
    const init = { method: 'POST', headers: { cookie, origin: site.privateUrl }, body: JSON.stringify(body) };
    expect((await site.ask('/api/v1/notice-targets', init)).status).to.equal(201);
    await site.post('/api/v1/notice-targets', { ...body, name: 'both', repos: ['former', 'app'] });
    await removeRepository(site.context.database, 'former', false);
    await site.repository('former', { visibility: 'private' });
    expect(await statusOf(cookie, '/api/v1/repos/former')).to.equal(404);
    const targets = await listNoticeTargets(site.context.database);
    expect(targets.find(({ name }) => name === 'former')).to.equal(undefined);
    expect(targets.find(({ name }) => name === 'both')?.repos).to.deep.equal(['app']);
  });

  it('let owners change the words of the notices of targets that they manage, on the page, too, and of no others', async () => {
    const { database } = site.context;
    const cookie = await site.signInAs('petra');
    await grant('petra', 'own', 'app');
    const approver = await site.signInAs('quinn');
    await grant('quinn', 'approve', 'app');
    const add = (name: string, repos: string[]) =>
      site.post('/api/v1/notice-targets', { name, kind: 'mail', to: 'ada@example.org', repos });
    await add('ours', ['app']);
    await add('theirs', ['lib']);
    await mute(database, { target: 'theirs', recipient: 'ada@example.org' }, { repo: 'lib', branch: 'main' });
    const before = await findNoticeTarget(database, 'theirs');
    const change = (name: string, options: object, as = cookie) =>
      site.ask(`/api/v1/notice-targets/${name}`, {
        ...{ method: 'PATCH', headers: { cookie: as, origin: site.privateUrl }, body: JSON.stringify({ options }) },
      });
    const onPage = (path: string, fields: { [name: string]: string }, as = cookie) =>
      site.ask(`/notices/${path}`, {
        ...{ method: 'POST', body: new URLSearchParams(fields) },
        headers: { cookie: as, origin: site.privateUrl, accept: 'text/html' },
      });
    expect((await change('ours', { title: '{branch} {event}', text: 'by {author}' })).status).to.equal(200);
    expect((await onPage('ours', { title: '{repository} {event}' })).status).to.equal(303);
    expect((await findNoticeTarget(database, 'ours')).options).to.deep.equal({ title: '{repository} {event}' });
    expect(await site.page('/notices/ours', { cookie })).to.include('app is broken');
    for (const title of ['{brnach}', 'two\nlines', 'x'.repeat(201)])
      expect((await change('ours', { title })).status, title).to.equal(400);
    expect((await change('ours', { text: 'x'.repeat(2001) })).status).to.equal(400);
    expect((await change('theirs', { title: 'hello' })).status).to.equal(404);
    expect((await onPage('theirs', { title: 'hello', from: '00:00', to: '23:59' })).status).to.equal(404);
    expect((await onPage('theirs/unmute', { recipient: 'ada@example.org' })).status).to.equal(404);
    expect(await statusOf(cookie, '/notices/theirs', 'GET', 'text/html')).to.equal(404);
    for (const name of ['ours', 'theirs']) {
      expect((await change(name, { title: 'hello' }, approver)).status, name).to.equal(403);
      expect((await onPage(name, { title: 'hello' }, approver)).status, name).to.equal(403);
    }
    expect(await findNoticeTarget(database, 'theirs')).to.deep.equal(before);
  });

  it('are given, listed, explained and taken away by the command line, and the audit log has it', async () => {
    const run = async (...args: string[]) => {
      const { stdout, stderr, code } = await volt(args, { env: { VOLT_URL: site.url, VOLT_TOKEN: site.token } });
      return { out: stdout + stderr, code };
    };
    await site.signInAs('lin', ['ops']);
    expect((await run('access', 'grant', 'lin', 'read', '--repo', 'li*', '--repo', 'app')).out)
      .to.include('lin has the role read in li*')
      .and.include('lin has the role read in app');
    expect((await run('access', 'grant', 'group:corp/ops', 'approve', '--repo', 'lib')).code).to.equal(0);
    expect((await run('access', 'ls', '--repo', 'lib')).out)
      .to.match(/lin +read +li\* .*owner/)
      .and.match(/group:corp\/ops +approve +lib/);
    expect((await run('access', 'why', 'lin', 'lib')).out)
      .to.include('lin has the role approve in lib')
      .and.include('  read in li*: given by owner')
      .and.include('  approve in lib, as one of group:corp/ops: given by owner')
      .and.include('  own: change settings')
      .and.include('volt access grant lin own --repo lib');
    expect((await run('access', 'why', 'lin', 'vault')).out)
      .to.match(/^lin has no role in vault\n/)
      .and.include('  read: see builds, logs and settings\n')
      .and.not.include('even so');
    await run('access', 'revoke', 'lin', 'read', '--repo', 'app');
    await site.context.database.db
      .updateTable('repositories')
      .set({ visibility: 'public' })
      .where('name', '=', 'app')
      .execute();
    expect((await run('access', 'why', 'lin', 'app')).out)
      .to.include('even so, everybody may read it: its visibility is public')
      .and.include('volt access grant lin run --repo app')
      .and.not.include('  read:');
    await setBlocked(site.context.database, 'lin', true);
    expect((await run('access', 'why', 'lin', 'lib')).out)
      .to.match(/^lin is blocked, and can neither sign in nor use a token\n/)
      .and.include('roles that count again once that ends:\n  read in li*')
      .and.include('volt people unblock lin')
      .and.not.include('volt access grant');
    await setBlocked(site.context.database, 'lin', false);
    await run('access', 'grant', 'lin', 'read', '--repo', 'app');
    expect((await run('access', 'revoke', 'lin', 'read', '--repo', 'app')).out).to.include(
      'took the role read in app from lin',
    );
    expect((await run('access', 'revoke', 'lin')).out).to.include('took the role read in li* from lin');
    expect(await run('access', 'revoke', 'lin')).to.include({ code: 2 });
    expect((await run('access', 'grant', 'lin', 'admin', '--repo', 'app')).out).to.include('is for all repositories');
    const { entries } = await site.json('/api/v1/audit', { headers: { authorization: `Bearer ${site.token}` } });
    const told = entries.map(({ action, target }: { action: string; target: string }) => `${action} ${target}`);
    expect(told).to.include.members([
      'access.grant lin read app, lin read li*',
      'access.grant group:corp/ops approve lib',
      'access.revoke lin read app',
    ]);
  });
});
