import { expect } from 'chai';
import { pageOfGrants } from '../../src/record/grant-lists.ts';
import { grantRole, revokeRole } from '../../src/record/grants.ts';
import { volt } from '../support/cli.ts';
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
    (await pageOfGrants(site.context.database, { limit: 100 })).grants.map(
      ({ who, role, repos }) => `${who} ${role} ${repos}`,
    );

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

  it('shows the form again with what is wrong beside the field', async () => {
    const wrong = [
      [{ who: 'nobody-here', role: 'run', repos: 'app' }, 404, 'who', 'there is no person &quot;nobody-here&quot;'],
      [
        { who: 'group:x', role: 'run', repos: 'app' },
        400,
        'who',
        '&quot;group:x&quot; names neither a person nor a group',
      ],
      [{ who: 'ada', role: 'king', repos: '' }, 400, 'role', 'This must be one of read, '],
      [{ who: 'ada', role: 'admin', repos: 'app' }, 400, 'repos', 'the role &quot;admin&quot; is for all repositories'],
    ] as const;
    for (const [fields, status, field, problem] of wrong) {
      const answer = await submit('/access/grant', fields);
      expect(answer.status).to.equal(status);
      expect(await answer.text())
        .to.include(`<p id="field-${field}-problem" class="wrong">${problem}`)
        .and.include(`value="${fields.who}"`);
    }
  });

  it('says why somebody may do what they may', async () => {
    const page = (query: string) => site.page(`/access?${query}`, { cookie: admin });
    expect(await page('person=ada&in=app')).to.include('<strong>ada has the role run in app.</strong>');
    await site.signInAs('eve');
    expect(await page('person=eve&in=app'))
      .to.include('<strong>eve has no role in app.</strong>')
      .and.include('Even so, whoever is on the machine of Volt may read it: its visibility is internal')
      .and.include('see builds, logs and settings from other machines, too');
    expect(await page('person=ada&in=nought')).to.include('does not exist');
  });

  it('shows a hundred grants at a time, narrowed to a person, a group or a repository', async () => {
    const repos = Array.from({ length: 120 }, (_, index) => `r${index}`);
    for (const part of [repos.slice(0, 60), repos.slice(60)])
      await grantRole(site.context.database, { who: 'group:corp/many', role: 'run', repos: part }, 'owner');
    const page = async (path: string) => (await site.page(path, { cookie: admin })).replaceAll('&amp;', '&');
    const first = await page('/access?who=group:corp/many');
    expect(first.match(/aria-label="Revoke/g)).to.have.lengthOf(100);
    const next = /href="(\/access\?[^"]*after=[^"]*)"/.exec(first)?.[1] ?? '';
    const second = await page(next);
    expect(second.match(/aria-label="Revoke/g)).to.have.lengthOf(20);
    expect(second).to.include('First page').and.not.include('Next page');
    expect((await page('/access?repo=r7')).match(/aria-label="Revoke/g)).to.have.lengthOf(2);
    expect(await page('/access?repo=r7&who=ada')).to.include('No roles match.');
    const list = async (query: string) =>
      site.json(`/api/v1/access?${query}`, { headers: { authorization: `Bearer ${site.token}` } });
    const { grants, next: after } = await list('who=group:corp/many&limit=119');
    expect(grants).to.have.lengthOf(119);
    expect((await list(`who=group:corp/many&after=${encodeURIComponent(after)}`)).grants).to.have.lengthOf(1);
    const { stdout } = await volt(['access', 'ls', '--json'], { env: { VOLT_URL: site.url, VOLT_TOKEN: site.token } });
    expect(JSON.parse(stdout).grants).to.have.lengthOf(122);
    await revokeRole(site.context.database, { who: 'group:corp/many' });
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

  it('says who can give a role that one lacks, with the command to type', async () => {
    const cookie = await site.signInAs('max');
    const page = await site.page('/repos/app/build', { cookie });
    expect(page).to.match(/<code>(npx )?volt access grant max run --repo app<\/code>/);
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
