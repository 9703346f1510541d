import { expect } from 'chai';
import type { Role } from '../../src/kernel/roles.ts';
import { listActions } from '../../src/record/audit-search.ts';
import { grantRole } from '../../src/record/grants.ts';
import { addAddress } from '../../src/record/person-addresses.ts';
import { volt } from '../support/cli.ts';
import { bodyOf, Site } from './site.ts';

describe('web: the account of a person', () => {
  let site: Site;
  before(async () => {
    site = await Site.start({ reading: 'token' });
    await site.repository('app');
    await site.repository('vault', { visibility: 'private' });
  });
  after(() => site.stop());

  const grant = (who: string, role: Role, ...repos: string[]) =>
    grantRole(site.context.database, { who, role, repos }, 'owner');
  const ask = (cookie: string, path: string, method = 'GET', body?: object) =>
    site.ask(`/api/v1/account${path}`, {
      method,
      headers: { cookie, origin: site.privateUrl },
      ...(body && { body: JSON.stringify(body) }),
    });
  const makeToken = async (cookie: string, body: object) => bodyOf(await ask(cookie, '/tokens', 'POST', body));

  it('makes no token for a repository that the person may not read, and does not tell whether it exists', async () => {
    const cookie = await site.signInAs('mallory');
    await grant('mallory', 'read', 'app');
    const [hidden, missing] = await Promise.all(
      ['vault', 'voult'].map(async (repo) => {
        const { error } = await makeToken(cookie, { name: repo, repos: ['app', repo] });
        return { ...error, message: error?.message.replace(repo, 'NAME') };
      }),
    );
    expect(hidden?.code).to.equal('not_found');
    expect(hidden).to.deep.equal(missing);
    expect(await makeToken(cookie, { name: 'ours', repos: ['app'] })).to.include({ name: 'mallory-ours' });
  });

  const byToken = (token: string) => (path: string, method: string) =>
    site.fetch(`/api/v1/account${path}`, { method, headers: { authorization: `Bearer ${token}` } });

  it('is not for a token of the person to change: it revokes itself and no other, and ends sessions that are old enough', async () => {
    const cookie = await site.signInAs('ada');
    await grant('ada', 'own', 'app');
    const other = await makeToken(cookie, { name: 'other', role: 'read' });
    const { token, name } = await makeToken(cookie, { name: 'laptop', role: 'own' });
    const by = byToken(token);
    const browser = await site.signIn(token);
    const { sessions } = await bodyOf(await ask(cookie, '/sessions'));
    const own = sessions.find(({ current }: { current: boolean }) => current);
    const began = sessions.find(({ current }: { current: boolean }) => !current);
    expect((await bodyOf(await by('/sessions', 'GET'))).sessions).to.have.lengthOf(2);
    expect((await by(`/sessions/${own.id}`, 'DELETE')).status).to.equal(409);
    expect((await by(`/tokens/${other.name}`, 'DELETE')).status).to.equal(404);
    expect(await bodyOf(await by('/sessions/end-others', 'POST'))).to.deep.equal({ ended: 0 });
    await site.context.database.write((db) =>
      db
        .updateTable('sessions')
        .set((eb) => ({ created_at: eb('created_at', '-', 600_000) }))
        .where('id', '=', began.id)
        .execute(),
    );
    expect(await bodyOf(await by('/sessions/end-others', 'POST'))).to.deep.equal({ ended: 1 });
    expect((await ask(browser, '')).status).to.equal(401);
    expect((await ask(cookie, '')).status).to.equal(200);
    expect(await bodyOf(await by('/token', 'DELETE'))).to.deep.equal({ name });
    expect((await by('', 'GET')).status).to.equal(401);
  });

  it('shows a token that may less than the person only the sessions that began with it, and lets it end no others and choose no address for mail', async () => {
    const cookie = await site.signInAs('grace');
    await grant('grace', 'own', 'app');
    const { sessions } = await bodyOf(await ask(cookie, '/sessions'));
    const limits = [{ role: 'read' }, { role: 'own', repos: ['app'] }];
    for (const [index, limit] of limits.entries()) {
      const { token } = await makeToken(cookie, { name: `program-${index}`, ...limit });
      const by = byToken(token);
      const browser = await site.signIn(token);
      const seen = await bodyOf(await by('/sessions', 'GET'));
      expect(seen.whose).to.equal('token');
      expect(seen.sessions).to.have.lengthOf(1);
      expect((await by(`/sessions/${sessions[0].id}`, 'DELETE')).status).to.equal(404);
      const mail = { method: 'PUT', headers: { authorization: `Bearer ${token}` }, body: '{"mail":"none"}' };
      expect((await site.fetch('/api/v1/account/mail', mail)).status).to.equal(400);
      expect(await bodyOf(await by('/sessions/end-others', 'POST'))).to.deep.equal({ ended: 1 });
      expect((await ask(browser, '')).status).to.equal(401);
      expect((await ask(cookie, '')).status).to.equal(200);
    }
  });

  it('says to which of their addresses a person gets mail, on the page and by a command, too, and the audit log has it', async () => {
    const cookie = await site.signInAs('mina');
    const cookieOfOther = await site.signInAs('nora');
    for (const address of ['mina@home.example', 'mina@work.example'])
      await addAddress(site.context.database, 'mina', address);
    await addAddress(site.context.database, 'nora', 'nora@home.example');
    const choose = async (mail: string | null, as = cookie) => bodyOf(await ask(as, '/mail', 'PUT', { mail }));
    for (const other of ['nora@home.example', 'victim@elsewhere.example'])
      expect((await choose(other)).error?.code, other).to.equal('bad_request');
    expect(await choose('Mina@home.example')).to.deep.equal({ mail: 'mina@home.example' });
    expect((await bodyOf(await ask(cookie, ''))).mail).to.equal('mina@home.example');
    expect((await bodyOf(await ask(cookieOfOther, ''))).mail).to.equal(null);
    const send = (to: string) =>
      site.ask('/account/mail', {
        ...{ method: 'POST', headers: { cookie, origin: site.privateUrl }, body: new URLSearchParams({ to }) },
      });
    expect((await send('nora@home.example')).status).to.equal(400);
    expect((await send('none')).status).to.equal(303);
    const asAdmin = { authorization: `Bearer ${site.token}` };
    expect((await site.json('/api/v1/people/mina', { headers: asAdmin })).mail).to.equal('none');
    const { token } = await makeToken(cookie, { name: 'laptop' });
    const run = async (...args: string[]) => {
      const { stdout, stderr } = await volt(['notify', 'mail', ...args], {
        env: { VOLT_URL: site.url, VOLT_TOKEN: token },
      });
      return (stdout + stderr).trim();
    };
    expect(await run()).to.equal('you get no mail');
    expect(await run('mina@work.example')).to.equal('you get mail at mina@work.example');
    expect(await run('commits')).to.equal('you get mail at the address that each commit has');
    const entries = await listActions(site.context.database, { action: 'account.mail.set', limit: 10 });
    const own = entries.filter(({ actor }) => actor === 'mina');
    expect(own.map(({ actor, target, status }) => `${actor} ${target} ${status}`)).to.deep.equal([
      ...['mina commits 200', 'mina mina@work.example 200', 'mina none 303', 'mina  400'],
      ...['mina mina@home.example 200', 'mina  400', 'mina  400'],
    ]);
    const byNobody = { method: 'PUT', headers: asAdmin, body: JSON.stringify({ mail: 'none' }) };
    expect((await site.json('/api/v1/account/mail', byNobody)).error?.code).to.equal('bad_request');
  });

  it('ends all sessions of the person, with tokens of the person, too', async () => {
    const cookie = await site.signInAs('bob');
    const { token } = await makeToken(cookie, { name: 'laptop' });
    const browsers = [await site.signInAs('bob'), await site.signIn(token)];
    expect(await bodyOf(await ask(cookie, '/sessions/end-others', 'POST'))).to.deep.equal({ ended: 2 });
    for (const browser of browsers) expect((await ask(browser, '')).status).to.equal(401);
    expect((await ask(cookie, '')).status).to.equal(200);
  });

  it('lets a person without any role sign a program in', async () => {
    const cookie = await site.signInAs('newcomer');
    const page = await site.ask('/device', { headers: { cookie, accept: 'text/html' } });
    expect(page.status).to.equal(200);
  });
});
