import { expect } from 'chai';
import type { Hono } from 'hono';
import { newStep } from '../../src/kernel/model.ts';
import type { Visibility } from '../../src/kernel/visibility.ts';
import { recordDeployments } from '../../src/record/deployments.ts';
import { setEnvironmentVariable } from '../../src/record/environment-entries.ts';
import { setEnvironment } from '../../src/record/environments.ts';
import { type Granted, grantRole } from '../../src/record/grants.ts';
import { openTrigger } from '../../src/record/intents.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { noteObserveError } from '../../src/record/observations.ts';
import { changeRepository } from '../../src/record/repositories.ts';
import { recordTests } from '../../src/record/test-results.ts';
import { count } from '../../src/redis/tallies.ts';
import type { WebEnv } from '../../src/web/access/env.ts';
import { webApp } from '../../src/web/app.ts';
import { volt } from '../support/cli.ts';
import { noFailure } from '../support/test-result.ts';
import { until } from '../support/until.ts';
import { bodyOf, job, Site } from './site.ts';
import { EventReader } from './sse.ts';

/** The repository that is hidden, and a word that stands in all that is known of it. */
const hidden = 'quince';
const canary = 'kumquat';

interface Person {
  who: string;
  /** @returns the answer to a request by them */
  ask(path: string, method?: string): Promise<Response>;
}

describe('web: who may read which repository', () => {
  let site: Site;
  let build: string;
  let intent: number;
  let app: Hono<WebEnv>;
  before(async () => {
    site = await Site.start();
    await site.repository('plain');
    await site.repository('shown', { visibility: 'public' });
    await site.repository(hidden, { visibility: 'private', url: `https://git.example/${canary}.git` });
    await site.build('plain');
    await site.build('shown');
    build = await fillHidden();
    app = webApp(await site.web({ hosts: { bound: '0.0.0.0', machine: 'box', url: undefined } }));
  });
  after(() => site.stop());

  /** Leaves the canary wherever something of a repository is kept. @returns the build that is over */
  async function fillHidden(): Promise<string> {
    const { database, access } = site.context;
    const about = { subject: `${canary} subject`, author: `${canary} author`, ref: `refs/heads/${canary}` };
    const over = await site.build(hidden, about, [{ name: `${canary} job` }]);
    const ref = { job: job(over), attempt: 1 };
    // what people may start there was answered just now, so that nobody waits for an observer
    const later = Date.now() + 3_600_000;
    const workflow = { path: `${canary}.yml`, name: canary, inputs: [] };
    await database.db
      .insertInto('startable')
      .values({
        ...{ repo: hidden, ref: '', asked_at: later, answered_at: later, full_ref: about.ref, sha: 'a'.repeat(40) },
        workflows: JSON.stringify({ workflows: [workflow], invalid: [] }),
      })
      .execute();
    await site.begin(ref);
    await moveToNextAttempt(database, ref, { reason: 'runner_lost', message: `${canary} lost`, at: Date.now() });
    const next = { ...ref, attempt: 2 };
    await site.begin(next);
    await site.appendLog(next, `${canary} in the log\n`);
    const test = { suite: canary, name: `${canary} test`, file: null, status: 'failed', duration: 1 } as const;
    await recordTests(database, next, 1, [{ ...test, ...noFailure, message: `${canary} message` }]);
    const steps = [{ ...newStep(`${canary} step`), status: 'failure' as const, exitCode: 1 }];
    await site.finish(next, { status: 'failure', reason: 'exit_code', message: `${canary} failed`, steps });
    // the oldest job that waits
    await site.build(hidden, about, [{ name: `${canary} waiting` }]);
    const rules = { name: 'production', branches: [about.ref], approve: false, waitMinutes: 0 };
    await setEnvironment(database, hidden, rules);
    const entry = { repo: hidden, environment: 'production', name: 'NAME', value: canary };
    await setEnvironmentVariable(database, entry);
    const deploying = await site.build(hidden, about, [{ name: `${canary} deploy` }]);
    const environments = new Map([[job(deploying), `${canary} environment`]]);
    await database.write((db) => recordDeployments(db, { build: deploying, repo: hidden }, environments));
    intent = await openTrigger(database, hidden, `refs/heads/${canary}`, null);
    const error = { code: 'fetch_failed' as const, message: `${canary} cannot be fetched`, remedy: canary };
    await noteObserveError(database, hidden, error);
    const problem = { code: 'log_unreadable', message: `${canary} cannot be read`, remedy: canary };
    const last = { at: new Date().toISOString(), level: 'warn', message: canary, about: { repo: hidden } };
    const figures = { memory: 1, cpu: 1, lag: 1, reconnects: 0, diskFree: 1, diskLow: false };
    const told = { problems: [problem], vitals: { ...figures, warnings: { count: 1, last } } };
    await site.runner('r1', told as never);
    await site.stage('observer', told as never);
    count(access, 'builds', [hidden, 'failure']);
    await until('the tally to be told', async () => (await access.client.hlen(access.keys.tallies)) > 0);
    return over;
  }

  /** What a route needs to come as far as to the repository. */
  function fieldsFor(path: string): { [name: string]: string } | undefined {
    if (path.endsWith('/dispatches')) return { event_type: 'deploy' };
    if (path.endsWith('/builds/cancel-queued')) return { repo: hidden, branch: canary };
    if (path.endsWith('/builds/retry-errors')) return { repo: hidden, since: new Date(0).toISOString() };
    return undefined;
  }

  async function person(who: string, wish: object | undefined, from = '127.0.0.1'): Promise<Person> {
    const token = wish && (await bodyOf(await site.post('/api/v1/tokens', wish))).token;
    const host = from === '127.0.0.1' ? 'localhost:8420' : 'box:8420';
    const headers = { host, accept: 'text/html, */*', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const env = { incoming: { socket: { remoteAddress: from } } };
    return {
      who,
      ask: async (path, method = 'GET') => {
        const fields = method === 'GET' ? undefined : fieldsFor(path);
        // pages send forms
        const body = !fields ? null : path.startsWith('/api/') ? JSON.stringify(fields) : new URLSearchParams(fields);
        return app.request(`http://${host}${path}`, { method, headers, body }, env);
      },
    };
  }

  /** Somebody who has signed in, with grants as `volt access grant` takes them, and who is in the group `dev`. */
  async function signedIn(login: string, ...grants: Granted[]): Promise<Person> {
    const origin = 'http://localhost:8420';
    const cookie = await site.signInAs(login, ['dev'], origin);
    for (const grant of grants) await grantRole(site.context.database, grant, 'owner');
    const headers = { host: 'localhost:8420', accept: 'text/html, */*', cookie, origin };
    const env = { incoming: { socket: { remoteAddress: '127.0.0.1' } } };
    return {
      who: login,
      ask: async (path, method = 'GET') => {
        const body = method === 'GET' ? undefined : fieldsFor(path);
        const sent = body && (path.startsWith('/api/') ? JSON.stringify(body) : new URLSearchParams(body));
        return app.request(`${origin}${path}`, { method, headers, body: sent ?? null }, env);
      },
    };
  }

  /** What is asked of a route about the hidden repository. */
  function addressOf(route: string): string {
    const filled = route
      .replace('/runners/:name', '/runners/r1')
      .replace('/public/:name', '/public/style.css')
      .replace(/\/(tokens|runner-keys|forges|providers|people|with|notice-targets|notices)\/:name/, '/$1/nobody')
      .replace(/\/(repos|hooks)\/:(name|repo)/, `/$1/${hidden}`)
      .replace(/\/tests\/:id/, '/tests/1')
      .replace('/builds/:id', `/builds/${build}`)
      .replace('/jobs/:id', `/jobs/${job(build as never)}`)
      .replace('/notices/:id', '/notices/1')
      .replace(':target/:token', 'nobody/no-token')
      .replace(':recipient', 'nobody@example.org')
      .replace('/intents/:id', `/intents/${intent}`)
      .replace('/requests/:id', `/requests/${intent}`)
      .replace('/avatars/:build', `/avatars/${build}`)
      .replace('/badge/:file', `/badge/${hidden}.svg`)
      .replace(':address', 'nobody@example.org')
      .replace(':environment', 'production')
      .replace(':entry', 'NAME')
      .replace(':person', 'nobody')
      .replace(/\/\*$/, '/api/queues');
    expect(filled, 'say here what stands for the parameters of this new route').to.not.match(/[:*]/);
    return filled;
  }

  /** Every route of the web stage, as the app has it. */
  function routes(): { method: string; path: string }[] {
    const all = app.routes.filter(({ path }) => path !== '/*').map(({ method, path }) => `${method} ${path}`);
    return [...new Set(all)].map((one) => {
      const [method = '', path = ''] = one.split(' ');
      return { method: method === 'ALL' ? 'GET' : method, path };
    });
  }

  const queries = [
    '',
    `?repo=${hidden}&q=${canary.slice(0, 4)}&text=${canary.slice(0, 4)}&job=&limit=10`,
    '?view=grid',
    `?q=${canary.slice(0, 4)}`,
  ];

  /** Routes whose answers to somebody hold what is known of the hidden repository. */
  async function leaksTo({ ask }: Person): Promise<Set<string>> {
    const leaks = new Set<string>();
    for (const { method, path } of routes()) {
      if (method !== 'GET') continue;
      for (const query of queries) {
        const address = addressOf(path) + query;
        const answer = await ask(address);
        const headers = JSON.stringify([...answer.headers]);
        if (answer.headers.get('content-type')?.startsWith('text/event-stream')) {
          await answer.body?.cancel();
          continue;
        }
        // the account of somebody shows the patterns of their own roles
        const said = ((await answer.text()) + headers).replaceAll(`${hidden}-*`, '');
        // what was asked for may be said again
        if (said.includes(canary) || (!address.includes(hidden) && said.includes(hidden))) leaks.add(path);
      }
    }
    return leaks;
  }

  it('a private one is hidden from everybody but administrators and tokens that name it', async () => {
    for (const one of [
      await person('somebody on this machine', undefined),
      await person('a reader', { name: 'reader', role: 'read' }),
      await person('a writer', { name: 'writer', role: 'approve' }),
      await person('a reader of another one', { name: 'other', role: 'read', repos: ['plain'] }),
      await person('somebody elsewhere', undefined, '192.0.2.7'),
      await signedIn('somebody-new'),
      await signedIn('owner-of-another', {
        who: 'owner-of-another',
        role: 'own',
        repos: ['plain', 'quin', 'quince-*'],
      }),
      await signedIn('one-of-a-group', { who: 'group:corp/dev', role: 'own', repos: ['pl*'] }),
    ]) {
      expect([...(await leaksTo(one))], one.who).to.deep.equal([]);
    }
  });

  it('a private one is fully readable for administrators and tokens that name it', async () => {
    const ofRepositories = [
      ...[
        '/',
        '/builds',
        '/search',
        '/api/v1/search',
        '/builds/:id',
        '/jobs/:id/log',
        '/repos',
        '/repos/:name',
        '/repos/:name/branches',
        '/repos/:name/charts',
        '/repos/:name/settings',
        '/repos/:name/tests',
        '/repos/:name/tests/:id',
      ],
      ...['/runners', '/runners/:name', '/metrics', '/api/v1/builds', '/api/v1/builds/:id', '/api/v1/jobs/:id/log'],
      ...['/api/v1/jobs/:id/log/lines', '/api/v1/jobs/:id/log/search', '/api/v1/builds/:id/tests', '/api/v1/repos'],
      ...[
        '/api/v1/jobs/:id/tests',
        '/api/v1/repos/:name',
        '/api/v1/repos/:name/tests',
        '/api/v1/repos/:name/tests/:id',
      ],
      ...['/api/v1/status', '/api/v1/repos/:name/environments', '/api/v1/repos/:name/deployments'],
    ];
    const named = await leaksTo(await person('its reader', { name: 'its', role: 'read', repos: [hidden] }));
    expect([...named]).to.include.members(ofRepositories);
    const granted = await leaksTo(await signedIn('its-reader', { who: 'its-reader', role: 'read', repos: ['qu*'] }));
    expect([...granted]).to.include.members(ofRepositories);
    const all = await leaksTo(await person('an administrator', { name: 'admin', role: 'admin' }));
    expect([...all]).to.include.members([...ofRepositories, '/api/v1/runners', '/queues/*'].slice(0, -1));
    // nobody reads the workflows of a ref here, so each request for them waits as long as it may
  }).timeout(180_000);

  it('a private one cannot be changed by someone who may not read it, as if it did not exist', async () => {
    const intents = async () => (await site.context.database.db.selectFrom('intents').selectAll().execute()).length;
    const before = await intents();
    for (const one of [
      await person('a writer', { name: 'writer-2', role: 'approve' }),
      await person('a writer of another one', { name: 'other-2', role: 'approve', repos: ['plain'] }),
      await signedIn('writer-3', { who: 'writer-3', role: 'own', repos: ['plain'] }),
    ]) {
      for (const { method, path } of routes()) {
        // what a browser keeps for itself, and what belongs to the account of the caller, is open to everybody
        if (method === 'GET' || /^\/(sign-|preferences$|(api\/v1\/)?account\/|device$|oauth\/)/.test(path)) continue;
        const answer = await one.ask(addressOf(path), method);
        // an owner may add targets of notices, which are about the repositories that the request names
        const refusals = [401, 403, 404, ...(/^\/(api\/v1\/notice-targets|notices)$/.test(path) ? [400] : [])];
        expect(answer.status, `${method} ${path} by ${one.who}`).to.be.oneOf(refusals);
        expect(await answer.text(), path).to.not.include(canary);
      }
      for (const path of [
        `/api/v1/builds/${build}/cancel`,
        `/api/v1/repos/${hidden}/trigger`,
        `/builds/${build}/retry`,
      ])
        expect((await one.ask(path, 'POST')).status, path).to.equal(404);
    }
    expect(await intents()).to.equal(before);
  });

  it('a private one is answered exactly like a missing one', async () => {
    const reader = await person('a reader', { name: 'reader-3', role: 'read' });
    const gone = '99999';
    for (const [path, other] of [
      [`/api/v1/repos/${hidden}`, '/api/v1/repos/nought'],
      [`/api/v1/repos/${hidden}/tests`, '/api/v1/repos/nought/tests'],
      [`/api/v1/repos/${hidden}/tests/1`, '/api/v1/repos/nought/tests/1'],
      [`/api/v1/builds?repo=${hidden}`, '/api/v1/builds?repo=nought'],
      [`/api/v1/builds/${build}`, `/api/v1/builds/${gone}`],
      [`/api/v1/builds/${build}/tests`, `/api/v1/builds/${gone}/tests`],
      [`/api/v1/jobs/${build}-1/log`, `/api/v1/jobs/${gone}-1/log`],
      [`/api/v1/jobs/${build}-1/log?follow=1`, `/api/v1/jobs/${gone}-1/log?follow=1`],
      [`/api/v1/intents/${intent}`, `/api/v1/intents/${gone}`],
      [`/repos/${hidden}`, '/repos/nought'],
      [`/builds/${build}`, `/builds/${gone}`],
      [`/badge/${hidden}.svg`, '/badge/nought.svg'],
    ] as const) {
      const [answer, same] = [await reader.ask(path), await reader.ask(other)];
      expect(answer.status, path).to.equal(same.status);
      const ids = new RegExp(`(?<=[/ ])(${build}|${intent})\\b`, 'g');
      const text = (await answer.text()).replaceAll(hidden, 'nought').replaceAll(ids, gone);
      expect(text, path).to.equal((await same.text()).replaceAll(ids, gone));
    }
  });

  it('a stream has only what its client may read, and ends with the token', async () => {
    const { token } = await bodyOf(await site.post('/api/v1/tokens', { name: 'listener', repos: ['plain'] }));
    const stream = await EventReader.open(`${site.url}/api/v1/events`, { authorization: `Bearer ${token}` });
    await site.announce((await site.build(hidden)) as never, hidden, 'queued');
    const seen = await site.build('plain');
    await site.announce(seen, 'plain', 'queued');
    const told = await stream.next();
    expect(told?.data).to.include(`"build":"${seen}"`);
    await site.fetch('/api/v1/tokens/listener', {
      method: 'DELETE',
      headers: { authorization: `Bearer ${site.token}` },
    });
    expect(await stream.rest()).to.deep.equal([]);
  });

  it('a public one, and nothing else, is readable for everybody', async () => {
    const stranger = await person('somebody elsewhere', undefined, '192.0.2.7');
    const status = async (path: string) => (await stranger.ask(path)).status;
    for (const path of [
      '/',
      '/builds',
      '/repos',
      '/repos/shown',
      '/badge/shown.svg',
      '/api/v1/builds?repo=shown',
      '/api/v1/repos',
    ])
      expect(await status(path), path).to.equal(200);
    for (const path of ['/repos/plain', '/repos/nought', '/runners', `/builds/${build}`])
      expect(await status(path), path).to.equal(303);
    // as an answer to a program, too, it does not say whether it is there
    for (const name of ['plain', 'nought', hidden]) {
      const headers = { host: 'box:8420' };
      const env = { incoming: { socket: { remoteAddress: '192.0.2.7' } } };
      const answer = await app.request(`http://box:8420/api/v1/repos/${name}`, { headers }, env);
      expect([answer.status, (await bodyOf(answer)).error.code], name).to.deep.equal([401, 'token_needed']);
    }
    for (const path of ['/metrics', '/queues', '/audit']) expect(await status(path), path).to.be.oneOf([303, 401]);
    const { repos } = await bodyOf(await stranger.ask('/api/v1/repos'));
    expect(repos.map(({ name }: { name: string }) => name)).to.deep.equal(['shown']);
    await changeRepository(site.context.database, 'shown', { visibility: 'internal' });
    expect(await status('/repos')).to.equal(303);
    await changeRepository(site.context.database, 'shown', { visibility: 'public' });
  });

  it('a token for some repositories changes only those, and loses a removed one', async () => {
    const writer = await person('a writer of one', { name: 'one', role: 'approve', repos: ['plain'] });
    const shown = await site.build('shown');
    expect((await writer.ask('/api/v1/repos/plain/trigger', 'POST')).status).to.equal(202);
    expect((await writer.ask(`/api/v1/builds/${shown}`)).status).to.equal(200);
    expect((await writer.ask(`/api/v1/builds/${shown}/cancel`, 'POST')).status).to.equal(403);
    expect(await (await writer.ask(`/builds/${shown}`)).text()).to.not.include('Cancel build');
    for (const wish of [
      { name: 'x', repos: ['nought'] },
      { name: 'x', role: 'admin', repos: ['plain'] },
    ])
      expect((await site.post('/api/v1/tokens', wish)).status).to.be.oneOf([404, 400]);
    await site.repository('passing', { visibility: 'private' });
    const its = await person('its reader', { name: 'passing', repos: ['passing'] });
    expect((await its.ask('/api/v1/repos/passing')).status).to.equal(200);
    await site.fetch('/api/v1/repos/passing', { method: 'DELETE', headers: { authorization: `Bearer ${site.token}` } });
    await site.repository('passing', { visibility: 'private', url: 'https://git.example/another.git' });
    expect((await its.ask('/api/v1/repos/passing')).status).to.equal(404);
  });

  it('visibility is set by command, API and page, by administrators only', async () => {
    const env = { VOLT_URL: site.url, VOLT_TOKEN: site.token };
    const now = async () => (await site.json('/api/v1/repos/plain')).visibility as Visibility;
    const { stdout, stderr } = await volt(['repo', 'set', 'plain', '--visibility', 'public'], { env });
    expect(stdout, stderr).to.include('; public');
    expect(await now()).to.equal('public');
    const headers = { authorization: `Bearer ${site.token}` };
    const page = await site.page('/repos/plain/settings', headers);
    expect(page).to.include('name="visibility"');
    expect(await site.page('/repos/plain/settings')).to.not.include('name="visibility"');
    const mark = /name="mark" value="(\w+)"/.exec(page)?.[1] ?? '';
    const body = new URLSearchParams({ mark, visibility: 'internal' });
    const set = await site.fetch('/repos/plain/settings', { method: 'POST', headers, body });
    expect(set.status).to.equal(303);
    expect(await now()).to.equal('internal');
    const writer = await person('a writer', { name: 'writer-4', role: 'approve' });
    expect((await writer.ask('/repos/plain/settings', 'POST')).status).to.equal(403);
  });

  it('visibility stays when a repository is removed and added again', async () => {
    const headers = { authorization: `Bearer ${site.token}` };
    await site.repository('back', { visibility: 'private' });
    await site.fetch('/api/v1/repos/back', { method: 'DELETE', headers });
    const again = await site.post('/api/v1/repos', { name: 'back', url: 'https://git.example/back.git' });
    expect([again.status, (await bodyOf(again)).visibility]).to.deep.equal([201, 'private']);
  });
});

describe('web: tokens of a person', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
  });
  after(() => site.stop());

  it('are revoked by one command, with their sessions, and tokens that were made for others are listed', async () => {
    const env = { VOLT_URL: site.url, VOLT_TOKEN: site.token };
    const run = (...args: string[]) => volt(args, { env });
    const made = async (args: string[], as = env) =>
      /^volt_\S+$/m.exec((await volt(['token', 'add', ...args], { env: as })).stdout)?.[0] ?? '';
    const laptop = await made(['laptop', '--role', 'admin', '--for', 'ada']);
    const hers = { VOLT_URL: site.url, VOLT_TOKEN: laptop };
    const script = await made(['script'], hers);
    await made(['bob-1', '--for', 'bob'], hers);
    const cookie = await site.signIn(laptop);
    const isIn = async () => (await site.page('/', { cookie })).includes('Sign out');
    expect(await isIn()).to.equal(true);
    const { stdout } = await run('token', 'rm', '--all-of', 'ada');
    expect(stdout)
      .to.include('revoked laptop, script')
      .and.match(/still valid, .*: bob-1/);
    expect(await isIn()).to.equal(false);
    for (const token of [laptop, script]) {
      const answer = await site.fetch('/api/v1/sign-in', { headers: { authorization: `Bearer ${token}` } });
      expect(answer.status).to.equal(401);
    }
    const owner = await site.signIn();
    expect(await site.page('/', { cookie: owner })).to.include('Sign out');
    expect((await run('token', 'rm', '--all-of', 'owner')).stdout).to.include(
      'all sessions of the main token have ended',
    );
    expect(await site.page('/', { cookie: owner })).to.not.include('Sign out');
    expect((await run('token', 'rm', '--all-of', 'ada')).code).to.equal(2);
    expect((await run('token', 'rm')).code).to.equal(2);
  });
});
