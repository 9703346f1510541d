import { expect } from 'chai';
import { listActions } from '../../src/record/audit-search.ts';
import { grantRole } from '../../src/record/grants.ts';
import { noteIdentity } from '../../src/record/identities.ts';
import { personNamed } from '../../src/record/people.ts';
import { addSession, listSessions } from '../../src/record/sessions.ts';
import { volt } from '../support/cli.ts';
import { Site } from './site.ts';

const ada = {
  ...{ provider: 'corp', issuer: 'https://id.example', subject: '42', login: 'ada', displayName: 'Ada <Lovelace>' },
  ...{ groups: ['devs'], addresses: ['ada@example.org'] },
};

describe('web: people', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
    await site.context.database.db
      .insertInto('providers')
      .values({
        ...{
          name: 'corp',
          kind: 'oidc',
          title: 'Corp',
          url: 'https://id.example',
          client_id: 'volt',
          scopes: 'openid',
        },
        ...{ client_secret: null, key_id: null, groups_claim: null, created_by: 'owner', created_at: 1 },
      })
      .execute();
  });
  after(() => site.stop());
  beforeEach(async () => {
    for (const table of ['people', 'audit', 'former_names'] as const)
      await site.context.database.db.deleteFrom(table).execute();
  });

  const asOwner = () => ({ headers: { authorization: `Bearer ${site.token}` } });
  const get = (path: string) => site.json(`/api/v1${path}`, asOwner());
  const ask = async (method: string, path: string, body?: object) => {
    const answer = await site.fetch(`/api/v1${path}`, {
      method,
      ...asOwner(),
      ...(body && { body: JSON.stringify(body) }),
    });
    const value = (await answer.json()) as { error?: { code: string } };
    return value.error?.code ?? answer.status;
  };
  const audited = async () =>
    (await listActions(site.context.database, { order: 'oldest', limit: 50 })).map(
      ({ action, target, outcome }) => `${action} ${target} ${outcome}`,
    );

  it('are listed in pages and found by words in names, identities and addresses', async () => {
    const { database } = site.context;
    await noteIdentity(database, site.context.config, ada);
    await noteIdentity(database, site.context.config, {
      ...ada,
      subject: '43',
      login: 'bob',
      displayName: 'Bob',
      addresses: ['b@lab.example'],
    });
    const names = async (query: string) =>
      (await get(`/people${query}`)).people.map(({ name }: { name: string }) => name);
    expect(await names('')).to.deep.equal(['ada', 'bob']);
    expect(await names('?limit=1')).to.deep.equal(['ada']);
    expect(await names('?after=ada')).to.deep.equal(['bob']);
    for (const text of ['lovelace', 'ADA%20love', 'example.org'])
      expect(await names(`?text=${text}`)).to.deep.equal(['ada']);
    expect(await names('?text=lab.example')).to.deep.equal(['bob']);
    expect(await names('?text=%25')).to.deep.equal([]);
    expect(await get('/people/ada')).to.deep.include({
      ...{ name: 'ada', displayName: 'Ada <Lovelace>', logins: ['corp:ada'] },
      addresses: [{ address: 'ada@example.org', source: 'https://id.example' }],
    });
  });

  it('are for administrators alone', async () => {
    await noteIdentity(site.context.database, site.context.config, ada);
    const token = await site.post('/api/v1/tokens', { name: 'own', role: 'own' });
    const { token: text } = (await token.json()) as { token: string };
    for (const path of ['/api/v1/people', '/api/v1/people/ada', '/people', '/people/ada']) {
      const answer = await site.fetch(path, { headers: { authorization: `Bearer ${text}` } });
      expect(answer.status, path).to.equal(403);
      expect(await answer.text()).to.not.include('example.org');
    }
    await site.fetch('/api/v1/tokens/own', { method: 'DELETE', ...asOwner() });
  });

  it('can be added before they sign in, and are the same then', async () => {
    const identity = { provider: 'corp', subject: '42' };
    expect(await ask('POST', '/people', { name: 'countess', identity })).to.equal(201);
    expect(await ask('POST', '/people', { name: 'other', identity })).to.equal('conflict');
    expect(await ask('POST', '/people', { name: 'other', identity: { ...identity, provider: 'no' } })).to.equal(
      'not_found',
    );
    for (const name of ['countess', 'owner', 'unknown'])
      expect(await ask('POST', '/people', { name }), name).to.equal('name_taken');
    expect(await ask('POST', '/people', { name: 'A b' })).to.equal('bad_request');
    for (const subject of ['', '42\u0000', '4\n2', '42\u202e'])
      expect(await ask('POST', '/people', { name: 'odd', identity: { ...identity, subject } }), subject).to.equal(
        'bad_request',
      );
    const { name } = await noteIdentity(site.context.database, site.context.config, ada);
    expect(name).to.equal('countess');
    expect((await get('/people')).people).to.have.length(1);
  });

  it('are renamed, blocked, and removed, and the audit log says by whom', async () => {
    const { database } = site.context;
    const person = await noteIdentity(database, site.context.config, ada);
    await noteIdentity(database, site.context.config, { ...ada, subject: '43', login: 'bob', addresses: [] });
    const session = { id: 'x', person: person.id, token: null, provider: 'corp', origin: 'o', address: '', agent: '' };
    await addSession(database, { ...session, lifetime: 60_000 });
    expect(await ask('PATCH', '/people/ada', { name: 'bob' })).to.equal('name_taken');
    expect(await ask('PATCH', '/people/ada', { name: 'countess' })).to.equal(200);
    expect(await ask('GET', '/people/ada')).to.equal('not_found');
    expect(await ask('POST', '/people/countess/block')).to.equal(200);
    expect(await listSessions(database, { person: person.id })).to.deep.equal([]);
    expect((await get('/people/countess')).blockedAt).to.be.a('string');
    expect(await ask('POST', '/people/countess/unblock')).to.equal(200);
    expect(await ask('DELETE', '/people/countess')).to.equal(200);
    expect(await ask('DELETE', '/people/countess')).to.equal('not_found');
    expect(await audited()).to.deep.equal([
      'people.change ada failed',
      'people.change ada, now countess done',
      'people.block countess done',
      'people.unblock countess done',
      'people.remove countess done',
      'people.remove countess failed',
    ]);
  });

  it('keep their names: nobody else gets the name of somebody who has signed in, and who never did anything leaves none', async () => {
    const { database } = site.context;
    await noteIdentity(database, { groupDays: 30 }, ada);
    expect(await ask('PATCH', '/people/ada', { name: 'countess' })).to.equal(200);
    expect(await ask('POST', '/people', { name: 'ada' })).to.equal('name_taken');
    expect(await ask('POST', '/tokens', { name: 'ada', role: 'read' })).to.equal('name_taken');
    expect((await noteIdentity(database, { groupDays: 30 }, { ...ada, subject: '43', addresses: [] })).name).to.equal(
      'ada-2',
    );
    expect(await ask('PATCH', '/people/ada-2', { name: 'ada' })).to.equal('name_taken');
    expect(await ask('PATCH', '/people/countess', { name: 'ada' }), 'who had it').to.equal(200);
    expect(await ask('DELETE', '/people/ada')).to.equal(200);
    expect((await noteIdentity(database, { groupDays: 30 }, ada)).name, 'the same identity is somebody new').to.equal(
      'ada-3',
    );
    expect(await ask('POST', '/people', { name: 'adda' })).to.equal(201);
    expect(await ask('DELETE', '/people/adda')).to.equal(200);
    expect(await ask('POST', '/people', { name: 'adda' })).to.equal(201);
  });

  it('have addresses by hand, each of one person, which stay when the provider tells others', async () => {
    const { database } = site.context;
    await noteIdentity(database, site.context.config, ada);
    await noteIdentity(database, site.context.config, { ...ada, subject: '43', login: 'bob', addresses: [] });
    expect(await ask('PUT', '/people/ada/addresses/Ada@Home.example')).to.equal(200);
    expect(await ask('PUT', '/people/bob/addresses/ada@home.example')).to.equal('conflict');
    expect(await ask('PUT', '/people/bob/addresses/nonsense')).to.equal('bad_request');
    await noteIdentity(database, site.context.config, { ...ada, addresses: ['new@example.org'] });
    expect((await get('/people/ada')).addresses).to.deep.equal([
      { address: 'ada@home.example', source: 'hand' },
      { address: 'new@example.org', source: 'https://id.example' },
    ]);
    expect(await ask('DELETE', '/people/ada/addresses/ada@home.example')).to.equal(200);
    expect(await ask('DELETE', '/people/ada/addresses/ada@home.example')).to.equal('not_found');
    expect(await audited()).to.include('people.addresses.set ada Ada@Home.example done');
  });

  it('are managed by the command line', async () => {
    const run = async (...words: string[]) => {
      const end = await volt(['people', ...words], { env: { VOLT_URL: site.url, VOLT_TOKEN: site.token } });
      expect(end.code, end.stderr).to.equal(0);
      return end.stdout;
    };
    await run('add', 'ada', '--identity', 'corp:42');
    await noteIdentity(site.context.database, site.context.config, ada);
    await run('address', 'add', 'ada', 'ada@home.example');
    expect(await run('ls', 'lovelace')).to.match(/ada +Ada <Lovelace> +corp:ada +.* ok/);
    expect(await run('show', 'ada'))
      .to.match(/^Ada <Lovelace> \(ada\) last signed in /)
      .and.include('ada at corp, id 42, member of corp/devs')
      .and.include('ada@home.example, set by hand');
    await run('rename', 'ada', 'countess');
    await run('block', 'countess');
    expect(await run('ls')).to.match(/countess .* blocked/);
    await run('unblock', 'countess');
    await run('address', 'rm', 'countess', 'ada@home.example');
    await run('rm', 'countess');
    expect(await run('ls')).to.include('no people');
  });

  it('are managed by pages, which say what is wrong with a form, and show names as text', async () => {
    const cookie = await site.signIn();
    const headers = { cookie, origin: site.privateUrl };
    const send = async (path: string, fields: { [name: string]: string } = {}) =>
      site.ask(path, { method: 'POST', headers, body: new URLSearchParams(fields) });
    const wrong = await send('/people', { name: 'ada', provider: 'nowhere', subject: '42' });
    expect(wrong.status).to.equal(404);
    expect(await wrong.text())
      .to.match(/field-provider-problem"[^>]*>there is no provider/)
      .and.include('value="nowhere"');
    const added = await send('/people', { name: 'ada', provider: 'corp', subject: '42' });
    expect([added.status, added.headers.get('location')]).to.deep.equal([303, '/people/ada']);
    await noteIdentity(site.context.database, site.context.config, ada);
    expect(await site.page('/people', { cookie })).to.include('Ada &lt;Lovelace&gt;</a>');
    const noAddress = await send('/people/ada/addresses', { address: 'x' });
    expect(noAddress.status).to.equal(400);
    expect(await noAddress.text())
      .to.match(/field-address-problem"[^>]*>&quot;x&quot; is no mail address/)
      .and.include('value="x"');
    await send('/people/ada/addresses', { address: 'ada@home.example' });
    const page = await site.page('/people/ada', { cookie });
    expect(page)
      .to.include('None beyond what everybody may read.')
      .and.include('ada@home.example')
      .and.include('corp/devs')
      .and.include('Ada &lt;Lovelace&gt;</h1>');
    const { id } = await personNamed(site.context.database, 'ada');
    await grantRole(site.context.database, { who: 'ada', role: 'run', repos: ['app'] }, 'owner');
    await addSession(site.context.database, {
      ...{
        id: 'y',
        person: id,
        token: null,
        provider: 'corp',
        origin: 'o',
        address: '192.0.2.7',
        agent: 'Firefox <1>',
      },
      lifetime: 60_000,
    });
    const granted = (await site.page('/people/ada', { cookie })).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    expect(granted).to.include('ada run app ').and.include('Firefox &lt;1&gt; 192.0.2.7');
    await send('/people/ada/addresses/remove', { address: 'ada@home.example' });
    expect((await send('/people/ada/rename', { name: 'owner' })).status).to.equal(409);
    const renamed = await send('/people/ada/rename', { name: 'countess' });
    expect(renamed.headers.get('location')).to.equal('/people/countess');
    await send('/people/countess/block');
    expect(await site.page('/people/countess', { cookie })).to.include('Let in again');
    await send('/people/countess/unblock');
    expect((await send('/people/countess/remove')).headers.get('location')).to.equal('/people');
    expect(await site.page('/people', { cookie })).to.include('Nobody has signed in as themselves yet');
    expect((await audited()).filter((entry) => entry.startsWith('people.') && entry.endsWith('done'))).to.deep.equal([
      'people.add ada done',
      'people.addresses.set ada ada@home.example done',
      'people.addresses.remove ada ada@home.example done',
      'people.change ada, now countess done',
      'people.block countess done',
      'people.unblock countess done',
      'people.remove countess done',
    ]);
  });
});
