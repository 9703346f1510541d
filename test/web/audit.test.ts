import { expect } from 'chai';
import { actionWords, entryWords } from '../../src/kernel/audit-words.ts';
import type { AuditEntry } from '../../src/kernel/model/access-shapes.ts';
import { type NewEntry, recordAction, removeOldActions } from '../../src/record/audit.ts';
import { type AuditFilter, listActions } from '../../src/record/audit-search.ts';
import { grantRole } from '../../src/record/grants.ts';
import { failIntent, openCancels } from '../../src/record/intents.ts';
import { personNamed } from '../../src/record/people.ts';
import { preparePerson, removePerson, renamePerson } from '../../src/record/people-admin.ts';
import { removeClosedIntents } from '../../src/record/retention.ts';
import { addToken, removeToken } from '../../src/record/tokens.ts';
import { pruneResults } from '../../src/reporter/prune.ts';
import { actionOf } from '../../src/web/api/route.ts';
import { routes } from '../../src/web/api/routes.ts';
import { webApp } from '../../src/web/app.ts';
import { volt } from '../support/cli.ts';
import { failure } from '../support/failure.ts';
import { bodyOf, job, Site } from './site.ts';

describe('web: the audit log', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
  });
  after(() => site.stop());

  it('has every requested change, whatever its result, and nothing else', async () => {
    const id = await site.build('app');
    const cookie = await site.signIn();
    await site.ask(`/builds/${id}/cancel`, { method: 'POST', headers: { cookie, origin: site.privateUrl } });
    await site.post('/api/v1/builds/999/cancel');
    const headers = { authorization: `Bearer ${site.token}` };
    const secret = { method: 'PUT', headers, body: JSON.stringify({ value: 'hush-hush' }) };
    await site.fetch('/api/v1/repos/app/secrets/NPM_TOKEN', secret);
    await site.ask('/sign-in', { method: 'POST', body: new URLSearchParams({ token: 'wrong' }) });
    await site.fetch('/api/v1/builds', { headers });
    await site.fetch(`/api/v1/builds/${id}/cancel`, { method: 'POST' });
    const entries = await listActions(site.context.database, { limit: 100 });
    expect(entries.reverse().map((one) => [one.actor, one.action, one.target, one.status])).to.deep.equal([
      ['owner', 'sign-in', '', 303],
      ['owner', 'builds.cancel', id, 303],
      ['owner', 'builds.cancel', '999', 404],
      ['owner', 'repos.secrets.set', 'app NPM_TOKEN', 200],
      ['unknown', 'sign-in', '', 401],
    ]);
    expect(JSON.stringify(entries)).to.not.include('hush');
    expect(new Set(entries.map(({ address }) => address))).to.have.length(1);
  });

  it('names what a failed request was about, too', async () => {
    await site.post('/api/v1/access/grant', { who: 'nobody-here', role: 'run' });
    await site.post('/api/v1/repos', { name: 'elsewhere', url: 'no address' });
    const entries = await listActions(site.context.database, { limit: 2 });
    expect(entries.reverse().map(({ action, target, outcome }) => [action, target, outcome])).to.deep.equal([
      ['access.grant', 'nobody-here', 'failed'],
      ['repos.add', 'elsewhere', 'failed'],
    ]);
  });

  it('is paged', async () => {
    for (let i = 0; i < 5; i++) await site.post(`/api/v1/builds/${900 + i}/cancel`);
    const headers = { authorization: `Bearer ${site.token}` };
    const targets: string[] = [];
    let path = '/api/v1/audit?action=builds.cancel&limit=2';
    for (;;) {
      const answer = await site.fetch(path, { headers });
      const { entries } = await bodyOf(answer);
      targets.push(...entries.map((one: { target: string }) => one.target));
      const link = /^<(.*)>/.exec(answer.headers.get('link') ?? '')?.[1];
      if (link === undefined) break;
      path = link;
    }
    expect(targets.slice(0, 5)).to.deep.equal(['904', '903', '902', '901', '900']);
  });

  it('is shown on a page to administrators, as text', async () => {
    const target = '<script>alert(1)</script>';
    await recordAction(site.context.database, { actor: 'owner', address: '::1', action: 'x', target, status: 200 });
    const headers = { authorization: `Bearer ${site.token}` };
    expect(await site.page('/audit', headers))
      .to.include('&lt;script&gt;alert(1)')
      .and.not.include('<script>alert');
    expect(await site.page('/audit?action=nothing', headers)).to.include('No entries match.');
    const answer = await site.fetch('/audit', { headers: { accept: 'text/html' } });
    expect([answer.status, answer.headers.get('location')]).to.deep.equal([303, '/sign-in?next=%2Faudit']);
  });

  it('says in words what was done, to what, and how it ended', async () => {
    const asOwner = { headers: { authorization: `Bearer ${site.token}` } };
    const build = await site.build('app', {}, [{ name: 'unit' }]);
    await site.post(`/api/v1/jobs/${job(build)}/cancel`);
    const open = (await site.json('/api/v1/audit?limit=1', asOwner)).entries[0];
    expect(open).to.include({ action: 'jobs.cancel', outcome: 'open', error: null });
    const intent = (await openCancels(site.context.database)).find((one) => one.job === job(build));
    const ended = { code: 'conflict', message: 'it has ended', remedy: '' } as const;
    await failIntent(site.context.database, intent?.id ?? 0, ended);
    await site.post('/api/v1/builds/999999/cancel');
    const cookie = await site.signIn();
    const page = (await site.page('/audit', { cookie })).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    expect(page).to.match(/Cancel job app#\d+ unit \S+ failed it has ended/);
    expect(page).to.match(/Cancel build 999999 \S+ failed/);
    expect(page).to.match(/Sign in \S+ done/);
  });

  it('has an entry for every form of the pages that changes something', async () => {
    const cookie = await site.signIn();
    const headers = { cookie, origin: site.privateUrl };
    const { database } = site.context;
    const forms = webApp(await site.web()).routes.filter(
      ({ method, path }) =>
        method === 'POST' &&
        !/^\/(api|hooks|sign-in|sign-out|preferences|notices\/stop|oauth|config\/diff)\b/.test(path),
    );
    expect(forms.length).to.be.greaterThan(20);
    for (const { path } of forms) {
      const before = (await listActions(database, { limit: 1 }))[0]?.id ?? 0;
      await site.ask(path.replace(/:id/, '999').replace(/:\w+/g, 'nothing'), { method: 'POST', headers });
      const [entry] = await listActions(database, { after: before, limit: 1 });
      expect(entry?.actor, path).to.equal('owner');
      expect(entry && entryWords(entry).act, path).to.match(/^[A-Z][A-Za-z' -]+$/);
    }
  });

  it('tells whose an entry is after the person was renamed, and after another person got the name', async () => {
    const { database } = site.context;
    const cookie = await site.signInAs('ada');
    const { id: ada } = await personNamed(database, 'ada');
    await grantRole(database, { who: 'ada', role: 'run', repos: ['*'] }, 'owner');
    const cancel = async () => {
      const headers = { cookie, origin: site.privateUrl };
      await site.ask(`/builds/${await site.build('app')}/cancel`, { method: 'POST', headers });
    };
    await cancel();
    await renamePerson(database, 'ada', 'ada.lovelace');
    await cancel();
    await failure('name_taken', () => preparePerson(database, { name: 'ada', displayName: 'another Ada' }));
    const search = async (query: string) => {
      const headers = { authorization: `Bearer ${site.token}` };
      const { entries } = await site.json(`/api/v1/audit?${query}`, { headers });
      return entries.map(({ actor, person }: AuditEntry) => ({ actor, person }));
    };
    const person = { id: ada, name: 'ada.lovelace' };
    const both = [
      { actor: 'ada.lovelace', person },
      { actor: 'ada', person },
    ];
    expect(await search('actor=ada.lovelace')).to.deep.equal(both);
    expect(await search('actor=ada')).to.deep.equal([both[1]]);
    const signedIn = { cookie: await site.signIn() };
    expect(await site.page('/audit?actor=ada', signedIn)).to.include('>ada (ada.lovelace)</a>');
    expect(await site.page('/people/ada.lovelace', signedIn)).to.include('>ada (ada.lovelace)</a>');
    await removePerson(database, 'ada.lovelace');
    expect(await search('actor=ada')).to.deep.equal([{ actor: 'ada', person: { id: ada, name: null } }]);
    expect(await site.page('/audit?actor=ada', signedIn)).to.include('>ada (removed)</a>');
  });

  it('has words for every action of the API', () => {
    for (const route of routes)
      if (route.method !== 'get' && !route.changesNothing)
        expect(actionWords(actionOf(route))).to.match(/^[A-Z][A-Za-z' -]+$/);
  });

  it('keeps why a request failed as long as the entry, though requests are removed earlier', async () => {
    const { database } = site.context;
    const id = await site.build('app');
    await site.post(`/api/v1/builds/${id}/cancel`);
    const intent = (await openCancels(database)).find((one) => one.build === id)?.id ?? 0;
    await failIntent(database, intent, { code: 'conflict', message: 'it has ended', remedy: '' });
    await removeClosedIntents(database, Date.now() + 60_000, 500);
    const [entry] = await listActions(database, { target: `app#`, limit: 1 });
    expect(entry).to.include({ target: id, outcome: 'failed', error: 'it has ended' });
  });

  it('is pruned after the days of the setting', async () => {
    const { database, config } = site.context;
    const before = (await listActions(database, { limit: 500 })).length;
    const inDays = (days: number) => Date.now() + days * 86_400_000;
    await pruneResults({ database, config: { ...config, keepAuditDays: 10 } }, { now: inDays(9) });
    expect(await listActions(database, { limit: 500 })).to.have.length(before);
    await pruneResults({ database, config: { ...config, keepAuditDays: 0 } }, { now: inDays(999) });
    expect(await listActions(database, { limit: 500 })).to.have.length(before);
    await pruneResults({ database, config: { ...config, keepAuditDays: 10 } }, { now: inDays(11) });
    expect(await listActions(database, { limit: 500 })).to.have.length(0);
  });
});

describe('web: searching the audit log', () => {
  let site: Site;
  const asOwner = () => ({ headers: { authorization: `Bearer ${site.token}` } });
  const add = (entry: Partial<NewEntry>) =>
    recordAction(site.context.database, {
      ...{ actor: 'owner', address: '127.0.0.1', action: 'secrets.set', target: 'TOKEN', status: 200 },
      ...entry,
      repo: undefined,
    });
  before(async () => {
    site = await Site.start();
    await site.repository('app');
    await site.repository('lib');
    const build = await site.build('app', {}, [{ name: 'unit' }]);
    await add({ actor: 'ada', action: 'builds.cancel', target: build, status: 202 });
    await add({ actor: 'ada', action: 'jobs.retry', target: job(build), address: '192.0.2.7' });
    await add({ actor: 'bob', action: 'repos.secrets.set', target: 'lib NPM_TOKEN' });
    await add({ actor: 'unknown', action: 'sign-in', target: '', status: 401, address: '192.0.2.70' });
    await add({ actor: 'bob', action: 'repos.change', target: 'nothing', status: 404 });
    await add({ actor: 'eve', action: 'builds.retry-errors', target: '2 builds: lib#4, other#1' });
  });
  after(() => site.stop());

  const searches: [string, AuditFilter & { since?: number }, string[]][] = [
    ['an actor', { actor: 'ada' }, ['jobs.retry', 'builds.cancel']],
    ['an action', { action: 'builds.cancel' }, ['builds.cancel']],
    ['all actions that begin alike', { action: 'repos' }, ['repos.change', 'repos.secrets.set']],
    ['no action that only begins with the same letters', { action: 'repo' }, []],
    ['a repository, by its builds and settings', { repo: 'app' }, ['jobs.retry', 'builds.cancel']],
    ['a repository among several', { repo: 'lib' }, ['builds.retry-errors', 'repos.secrets.set']],
    ['a target, as people know it', { target: 'APP#1 u' }, ['jobs.retry']],
    ['a network', { address: '192.0.2.7' }, ['sign-in', 'jobs.retry']],
    ['what was refused', { outcome: 'refused' }, ['sign-in']],
    ['what has failed', { outcome: 'failed' }, ['repos.change']],
    ['words in any order', { text: 'npm_TOKEN bob' }, ['repos.secrets.set']],
    ['a percent sign as itself', { text: '%' }, []],
    ['a time that is to come', { since: Date.now() + 3_600_000 }, []],
    ['a time that is over', { until: 1 }, []],
    ['several things at once', { actor: 'bob', outcome: 'done' }, ['repos.secrets.set']],
  ];
  for (const [what, filter, expected] of searches) {
    it(`finds ${what}`, async () => {
      const iso = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());
      const given = { ...filter, since: iso(filter.since), until: iso(filter.until) };
      const query = new URLSearchParams(Object.entries(given).filter(([, value]) => value !== undefined) as never);
      const { entries } = await site.json(`/api/v1/audit?${query}`, asOwner());
      expect(entries.map((entry: AuditEntry) => entry.action)).to.deep.equal(expected);
    });
  }

  it('finds an entry far behind many others, newest and oldest first', async () => {
    const { database } = site.context;
    const rest = { address: '', action: 'x', target: '', status: 200, at: 1, intent_id: null, repo: null, about: null };
    await database.write(async (db) => {
      for (let i = 0; i < 25; i++)
        await db
          .insertInto('audit')
          .values(Array.from({ length: 1000 }, () => ({ actor: 'many', ...rest })))
          .execute();
    });
    const actions = async (more: object) =>
      (await listActions(database, { text: 'ada', limit: 10, ...more })).map(({ action }) => action);
    expect(await actions({})).to.deep.equal(['jobs.retry', 'builds.cancel']);
    expect(await actions({ order: 'oldest' })).to.deep.equal(['builds.cancel', 'jobs.retry']);
    expect(await actions({ order: 'oldest', limit: 1 })).to.deep.equal(['builds.cancel']);
  });

  it('exports all that match as JSON lines, oldest first, and what has come since', async () => {
    const answer = await site.fetch('/api/v1/audit/export', asOwner());
    expect(answer.headers.get('content-type')).to.equal('application/jsonl');
    const all = linesOf(await answer.text());
    expect(all.length).to.be.greaterThan(25_000);
    expect(all.map(({ id }) => id)).to.deep.equal(all.map(({ id }) => id).sort((a, b) => a - b));
    expect(all[0]).to.include({ actor: 'ada', action: 'builds.cancel', about: 'app#1', repo: 'app' });
    const bobs = linesOf(await (await site.fetch('/api/v1/audit/export?actor=bob', asOwner())).text());
    expect(bobs.map(({ action }) => action)).to.deep.equal(['repos.secrets.set', 'repos.change']);
    const after = await site.fetch(`/api/v1/audit/export?actor=bob&after=${bobs[0]?.id}`, asOwner());
    expect(linesOf(await after.text()).map(({ action }) => action)).to.deep.equal(['repos.change']);
    expect((await site.fetch('/api/v1/audit/export')).status).to.equal(401);
  });

  it('breaks an export off when the right of its reader ends', async () => {
    const app = webApp(await site.web());
    const { token } = await addToken(site.context.database, {
      ...{ name: 'archive', role: 'admin', repos: null, person: 'archive', createdBy: 'owner' },
    });
    const { host } = new URL(site.url);
    const headers = { authorization: `Bearer ${token}`, host };
    const env = { incoming: { socket: { remoteAddress: '127.0.0.1' } } };
    const answer = await app.request(`${site.url}/api/v1/audit/export`, { headers }, env);
    expect(answer.status).to.equal(200);
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    expect((await reader.read()).done).to.equal(false);
    await removeToken(site.context.database, 'archive');
    const rest = (async () => {
      while (!(await reader.read()).done);
    })();
    expect(await rest.catch(({ message }) => message)).to.equal('the right to read the audit log has ended');
  });

  it('stops reading when the client goes away', async () => {
    const asking = new AbortController();
    const answer = await site.fetch('/api/v1/audit/export', { ...asOwner(), signal: asking.signal });
    const reader = answer.body?.getReader();
    await reader?.read();
    asking.abort();
    // the stage goes on
    expect((await site.json('/api/v1/audit?limit=1', asOwner())).entries).to.have.length(1);
  });

  it('is on the page, whose address has the search, with links that narrow it and one that exports it', async () => {
    const cookie = await site.signIn();
    const page = await site.page('/audit?actor=bob&text=token&since=7d', { cookie });
    expect(page).to.include('Set secret</a>').and.include('NPM_TOKEN of lib</a>').and.not.include('repos.change');
    expect(page).to.include('aria-label="Remove Who bob"').and.include('value="token"');
    expect(page).to.match(/href="\/api\/v1\/audit\/export\?text=token&amp;actor=bob&amp;since=2\d{3}-/);
    expect(page).to.include('href="/audit?text=token&amp;actor=bob&amp;address=127.0.0.1&amp;since=7d"');
    expect(await site.page('/audit?since=soon', { cookie })).to.include('is not a time');
  });

  it('is searched and exported by the command line', async () => {
    const settings = { VOLT_URL: site.url, VOLT_TOKEN: site.token };
    const run = async (...words: string[]) => (await volt(['audit', ...words], { env: settings })).stdout;
    expect(await run('--repo', 'app', '--since', '1h')).to.match(/ada +192\.0\.2\.7 +jobs\.retry +app#1 unit +done/);
    expect(await run('npm', 'bob')).to.match(/bob .*repos\.secrets\.set +lib NPM_TOKEN/);
    expect(linesOf(await run('--json-lines', '--outcome', 'refused'))).to.have.length(1);
  });

  it('does not read what is older than the setting keeps', async () => {
    const { database } = site.context;
    while ((await removeOldActions(database, 2, 10_000)) > 0);
    expect(await listActions(database, { actor: 'many', limit: 1 })).to.deep.equal([]);
    expect(await listActions(database, { actor: 'ada', limit: 10 })).to.have.length(2);
  });
});

function linesOf(text: string): AuditEntry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEntry);
}
