import { expect } from 'chai';
import { grantRole, listGrants } from '../../src/record/grants.ts';
import { Site } from './site.ts';

describe('web: the page of who may do what', () => {
  let site: Site;
  let admin: string;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
    admin = await site.signIn();
    await site.signInAs('ada', ['dev']);
  });
  after(() => site.stop());

  const submit = (path: string, fields: Record<string, string>, cookie = admin) => {
    const headers = { cookie, accept: 'text/html', 'sec-fetch-site': 'same-origin' };
    return site.ask(path, { method: 'POST', body: new URLSearchParams(fields), headers });
  };
  const given = async () =>
    (await listGrants(site.context.database)).map(({ who, role, repos }) => `${who} ${role} ${repos}`);

  it('gives roles and takes them away, by forms that work without a script', async () => {
    const sent = await submit('/access/grant', { who: 'ada', role: 'run', repos: 'app, team-*' });
    expect([sent.status, sent.headers.get('location')]).to.deep.equal([303, '/access']);
    await submit('/access/grant', { who: 'group:corp/dev', role: 'read', repos: '' });
    expect(await given()).to.deep.equal(['ada run app', 'ada run team-*', 'group:corp/dev read *']);
    const page = await site.page('/access', { cookie: admin });
    expect(page).to.include('everybody in corp/dev').and.include('team-*');
    expect((await submit('/access/revoke', { who: 'ada', role: 'run', repos: 'team-*' })).status).to.equal(303);
    expect((await submit('/access/revoke', { who: 'ada', role: 'run', repos: 'team-*' })).status).to.equal(303);
    expect(await given()).to.deep.equal(['ada run app', 'group:corp/dev read *']);
  });

  it('shows the form again with what is wrong', async () => {
    const answer = await submit('/access/grant', { who: 'nobody-here', role: 'run', repos: 'app' });
    expect(answer.status).to.equal(404);
    expect(await answer.text())
      .to.include('there is no person &quot;nobody-here&quot;')
      .and.include('value="nobody-here"');
    expect((await submit('/access/grant', { who: 'ada', role: 'king', repos: '' })).status).to.equal(400);
  });

  it('says why somebody may do what they may', async () => {
    const page = (query: string) => site.page(`/access?${query}`, { cookie: admin });
    expect(await page('person=ada&repo=app')).to.match(/<strong>ada<\/strong> has the role run in app/);
    expect(await page('person=ada&repo=nought')).to.include('does not exist');
  });

  it('is for administrators alone; who owns a repository sees there who may do what, and cannot change it', async () => {
    await grantRole(site.context.database, { who: 'ada', role: 'own', repos: ['app'] }, 'owner');
    const ada = await site.signInAs('ada', ['dev']);
    expect((await site.ask('/access', { headers: { cookie: ada, accept: 'text/html' } })).status).to.equal(403);
    expect((await submit('/access/grant', { who: 'ada', role: 'admin', repos: '' }, ada)).status).to.equal(403);
    expect((await submit('/access/revoke', { who: 'group:corp/dev' }, ada)).status).to.equal(403);
    const settings = await site.page('/repos/app/settings', { cookie: ada });
    expect(settings)
      .to.include('everybody in corp/dev')
      .and.not.include('action="/access/revoke"')
      .and.not.include('Stop watching');
  });

  it('is not how who owns a repository gets to its command, or to others', async () => {
    const ada = await site.signInAs('ada');
    const page = await site.page('/repos/app/settings', { cookie: ada });
    expect(page).to.include('name="branches"').and.not.include('name="command"');
    const mark = /name="mark" value="(\w+)"/.exec(page)?.[1] ?? '';
    expect((await submit('/repos/app/settings', { mark, command: 'make' }, ada)).status).to.equal(403);
    expect((await submit('/repos/app/settings', { mark, branches: 'main' }, ada)).status).to.equal(303);
    const patch = (body: object) =>
      site.ask('/api/v1/repos/app', {
        method: 'PATCH',
        headers: { cookie: ada, origin: site.privateUrl },
        body: JSON.stringify(body),
      });
    expect((await patch({ command: null })).status).to.equal(403);
    expect((await patch({ visibility: 'private' })).status).to.equal(200);
    const { command, branches } = await site.json('/api/v1/repos/app', {
      headers: { authorization: `Bearer ${site.token}` },
    });
    expect([command, branches]).to.deep.equal([null, ['main']]);
  });
});
