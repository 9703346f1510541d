import { expect } from 'chai';
import { newStep } from '../../src/kernel/model.ts';
import { listActions } from '../../src/record/audit-search.ts';
import { mute } from '../../src/record/notice-mutes.ts';
import { answerStartable, askStartable } from '../../src/record/startable.ts';
import { recordTests } from '../../src/record/test-results.ts';
import { apiDescription } from '../../src/web/api/openapi.ts';
import { actionOf } from '../../src/web/api/route.ts';
import { routes } from '../../src/web/api/routes.ts';
import { webApp } from '../../src/web/app.ts';
import { FakeForge, forgeToken } from '../support/fake-forge.ts';
import { hasSshd } from '../support/git-over-ssh.ts';
import { Noticing } from '../support/noticing.ts';
import { OAuthForge } from '../support/oauth-forge.ts';
import { TestRepository } from '../support/repository.ts';
import { noFailure } from '../support/test-result.ts';
import { Described } from './described.ts';
import { bodyOf, job, Site } from './site.ts';

interface Operation {
  security: object[];
  parameters: { name: string; in: string; required: boolean }[];
  responses: { [status: string]: { content?: object } };
}
interface Document {
  openapi: string;
  paths: { [path: string]: { [method: string]: Operation } };
  components: { schemas: { [name: string]: object } };
}

describe('web: the OpenAPI document', () => {
  let site: Site;
  let document: Document;
  let served: string[];
  before(async () => {
    site = await Site.start();
    document = await site.json('/api/v1/openapi.json');
    const web = await site.web();
    const app = webApp(web);
    served = app.routes
      .filter(({ path, method }) => path.startsWith('/api/') && method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace('/api/v1', '').replace(/:(\w+)/g, '{$1}')}`);
  });
  after(() => site.stop());

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, path, method, operation })),
    );

  it('is an OpenAPI 3.1 document', () => {
    expect(document.openapi).to.match(/^3\.1\.\d$/);
  });

  it('has every route, and no other', () => {
    expect(operations().map(({ name }) => name)).to.have.members(served);
    expect(served).to.include.members([
      'get /builds',
      'post /repos/{name}/trigger',
      'get /jobs/{id}/log',
      'get /jobs/{id}/log/lines',
      'get /jobs/{id}/log/search',
      'get /openapi.json',
    ]);
  });

  it('names every part of a path', () => {
    for (const { name, path, operation } of operations()) {
      const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, part]) => part);
      const described = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect(
        described.map((parameter) => parameter.name),
        name,
      ).to.have.members(parts);
      expect(
        described.every(({ required }) => required),
        name,
      ).to.equal(true);
    }
  });

  it('has every schema that it refers to', () => {
    const text = JSON.stringify(document);
    const referred = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, place]) =>
      place?.replace('#/components/schemas/', ''),
    );
    expect(referred).to.include.members(['Build', 'Error', 'SystemStatus']);
    for (const name of referred) expect(document.components.schemas).to.have.property(String(name));
  });

  it('says which routes need a token, and which errors each may answer', () => {
    for (const { name, path, method, operation } of operations()) {
      const open =
        method === 'get' &&
        !/workflows|secrets|variables|credentials|trusted|tokens|runner-keys|forges|providers|notice|audit|people|sign-in|access|account|config/.test(
          path,
        );
      expect(
        operation.security.some((one) => Object.keys(one).length === 0),
        name,
      ).to.equal(open);
      expect(operation.responses, name).to.include.keys('401', '403', '500');
    }
    expect(document.paths['/builds/{id}/cancel']?.post?.responses).to.include.keys('202', '400', '404', '409');
  });

  it('has a unique name for every operation', () => {
    const { operations: names } = new Described(apiDescription());
    expect(new Set(names).size).to.equal(names.length);
  });

  it('describes what every operation really answers, in success and in failure', async () => {
    const described = new Described(apiDescription());
    const ask = async (call: string, body?: unknown, headers: { [name: string]: string } = {}) => {
      const [method = '', path = ''] = call.split(' ');
      const init = { method, headers: { authorization: `Bearer ${site.token}`, ...headers } };
      const answer = await site.fetch(
        `/api/v1${path}`,
        body === undefined ? init : { ...init, body: JSON.stringify(body) },
      );
      await described.check(method.toLowerCase(), path, answer);
      if (answer.headers.get('content-type')?.startsWith('text/event-stream')) await answer.body?.cancel();
    };
    await site.signInAs('grace');
    const repository = new TestRepository({ 'test.sh': 'true' });
    const forge = await FakeForge.start('gitea');
    const people = await OAuthForge.start('gitea');
    for (const [call, body] of await everyOperation(site, repository, forge, people)) await ask(call, body);
    await forge.stop();
    await people.stop();
    repository.remove();
    await asPerson(site, described);
    // keys are made by a program of OpenSSH's
    const operations = described.operations.filter((one) => hasSshd() || one !== 'repos.credential.ssh.set');
    expect([...described.succeeded]).to.have.members(operations);
    await expectAudited(site, operations);
    for (const route of routes) {
      const method = route.method.toUpperCase();
      const path = route.path
        .replace(':name', 'nothing')
        .replace(':entry', 'NOTHING')
        .replace(':person', 'nobody')
        .replace(':recipient', 'nobody@example.org')
        .replace(':environment', 'none')
        .replace(':address', 'nobody@example.org');
      await ask(`${method} ${path.replace(':id', route.path.startsWith('/jobs') ? '999-1' : '999')}`);
      await ask(`${method} ${path.replace(':id', 'x')}?limit=x&attempt=x&after=x&before=-&purge=x`);
      await ask(`${method} ${path.replace(':id', '999')}`, undefined, { authorization: 'Bearer wrong' });
      if (route.method === 'get') await ask(`GET ${path.replace(':id', '1')}`, undefined, { 'if-none-match': '*' });
      else await ask(`${method} ${path.replace(':id', '1')}`, { huge: 'x'.repeat(1_100_000) });
    }
  });
});

/** Each operation that changes something, and has had success, is in the audit log, with who did it and to what. */
async function expectAudited(site: Site, succeeded: readonly string[]): Promise<void> {
  const entries = await listActions(site.context.database, { limit: 500 });
  const done = entries.filter(
    ({ outcome, address }) => outcome !== 'refused' && outcome !== 'failed' && address !== '',
  );
  const actions = new Set(done.map(({ action }) => action.replace(/decline$/, 'approve')));
  const changing = routes.filter(({ method, changesNothing }) => method !== 'get' && !changesNothing).map(actionOf);
  expect([...actions]).to.include.members(changing.filter((action) => succeeded.includes(action)));
  const unnamed = done.filter(
    ({ action, target }) => changing.includes(action) && target === '' && action !== 'secrets.rotate',
  );
  expect(unnamed.map(({ action }) => action)).to.deep.equal([]);
}

/** One request for each operation that has success. */
async function everyOperation(
  site: Site,
  repository: TestRepository,
  forge: FakeForge,
  people: OAuthForge,
): Promise<[call: string, body?: unknown][]> {
  await site.repository('app');
  await site.repository('shell', { url: 'git@127.0.0.1:app.git' });
  const [running, over, idle, asked] = [
    await site.build('app'),
    await site.build('app'),
    await site.build('app', {}, [{}, {}]),
    await site.build('app', {}, [{}, { needs: ['test'] }, { needs: ['test'] }]),
  ];
  for (const position of [2, 3]) await site.askApproval(asked, job(asked, position));
  await site.begin({ job: job(over), attempt: 1 });
  const test = {
    suite: '',
    name: 'adds',
    file: null,
    status: 'passed',
    duration: 1,
    ...noFailure,
  } as const;
  await recordTests(site.context.database, { job: job(over), attempt: 1 }, 1, [test]);
  await site.appendLog({ job: job(over), attempt: 1 }, 'one\ntwo\n');
  const steps = [{ ...newStep('make'), status: 'failure' as const, exitCode: 2 }];
  await site.finish({ job: job(over), attempt: 1 }, { status: 'failure', reason: 'exit_code', steps });
  const broken = await site.build('app');
  await site.begin({ job: job(broken), attempt: 1 });
  await site.finish({ job: job(broken), attempt: 1 }, { status: 'error', reason: 'fetch_failed' });
  await site.runner('r1');
  await site.stage('dispatcher');
  const read = { ref: 'refs/heads/main', sha: 'a'.repeat(40), workflows: [], invalid: [] };
  const { database } = site.context;
  await new Noticing(site.context).addMail('ada@example.org');
  const everything = { repo: null, branch: null };
  await mute(database, { target: 'mail', recipient: 'ada@example.org' }, everything);
  await answerStartable(database, 'app', { ref: 'main', askedAt: await askStartable(database, 'app', 'main') }, read);
  const knownHosts = '127.0.0.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUFBCFc58UMEwYC2gHHUuM3GZkyhyGFDGRWYJ26lPzf\n';
  return [
    ['GET /builds?limit=1'],
    [`GET /builds/${over}`],
    [`GET /jobs/${job(over)}/log`],
    [`GET /jobs/${job(over)}/log?follow=1`],
    [`GET /jobs/${job(over)}/log/lines`],
    [`GET /jobs/${job(over)}/log/search?q=two`],
    [`GET /builds/${over}/tests`],
    [`GET /jobs/${job(over)}/tests`],
    ['GET /repos/app/tests'],
    ['GET /repos/app/tests/1'],
    [`POST /builds/${running}/cancel`],
    [`POST /jobs/${job(idle, 2)}/cancel`],
    ['GET /intents/1'],
    ['POST /builds/cancel-queued', { repo: 'app', branch: 'main' }],
    ['POST /builds/retry-errors', { since: '2026-01-02T03:04:05Z' }],
    [`POST /builds/${over}/retry`, { failed: true }],
    [`POST /jobs/${job(over)}/retry`],
    [`POST /jobs/${job(asked, 2)}/approve`, { comment: 'well' }],
    [`POST /builds/${asked}/approve`, { decline: true }],
    [`GET /builds/${await site.askForBuild('app')}/approval`],
    ['POST /repos', { url: repository.path, name: 'fresh' }],
    ['GET /repos'],
    ['GET /repos/fresh'],
    ['POST /repos/fresh/check'],
    ['GET /repos/app/statistics?range=30d'],
    ['PATCH /repos/fresh', { pollSeconds: 60 }],
    ['POST /repos/app/trigger', { ref: 'main' }],
    ['GET /repos/app/workflows?ref=main'],
    ['POST /repos/app/dispatches', { event_type: 'deploy' }],
    ['POST /repos/app/hook'],
    ...['', '/repos/app'].flatMap((of): [string, unknown?][] =>
      ['secrets', 'variables'].flatMap((kind): [string, unknown?][] => [
        [`PUT ${of}/${kind}/NAME`, { value: 'value' }],
        [`GET ${of}/${kind}`],
        [`DELETE ${of}/${kind}/NAME`],
      ]),
    ),
    ['PUT /repos/app/environments/production', { branches: ['main'], approve: true }],
    ['GET /repos/app/environments'],
    ...['secrets', 'variables'].flatMap((kind): [string, unknown?][] => [
      [`PUT /repos/app/environments/production/${kind}/NAME`, { value: 'value' }],
      [`GET /repos/app/environments/production/${kind}`],
      [`DELETE /repos/app/environments/production/${kind}/NAME`],
    ]),
    ['DELETE /repos/app/environments/production'],
    ['GET /repos/app/deployments?limit=1'],
    ['PUT /secrets/OTHER', { value: 'value' }],
    ['POST /secrets/rotate'],
    ['PUT /repos/app/trusted-refs', { refs: ['main'] }],
    ['GET /repos/app/trusted-refs'],
    ['PUT /repos/app/credential/https', { password: 'password' }],
    ...(hasSshd() ? [['PUT /repos/shell/credential/ssh', { knownHosts }] as [string, unknown]] : []),
    ['GET /credentials'],
    ['DELETE /repos/app/credential'],
    ['DELETE /repos/fresh?purge=1'],
    ['GET /runners'],
    ['POST /runners/r1/drain', { reason: 'new disk' }],
    ['POST /runners/r1/resume'],
    ['GET /status'],
    ['GET /search?q=a'],
    ['GET /events'],
    ['POST /tokens', { name: 'ci', role: 'approve' }],
    ['GET /tokens'],
    ['DELETE /tokens/ci'],
    ['POST /access/grant', { who: 'grace', role: 'run', repos: ['app'] }],
    ['GET /access?repo=app'],
    ['GET /repos/app/access'],
    ['GET /repos/app/access/grace'],
    ['POST /access/revoke', { who: 'grace' }],
    ['POST /runner-keys', { name: 'build2', repos: ['app'] }],
    ['GET /runner-keys'],
    ['DELETE /runner-keys/build2'],
    ['POST /tokens', { name: 'laptop', person: 'ada', repos: ['app'] }],
    ['DELETE /people/ada/tokens'],
    ['POST /forges', { name: 'git', kind: 'gitea', api: forge.api, token: forgeToken, repos: ['app=acme/app'] }],
    ['GET /forges'],
    ['PATCH /forges/git', { repos: ['app=acme/app'] }],
    ['POST /forges/git/check'],
    ['DELETE /forges/git'],
    ['POST /providers', { name: 'corp', kind: 'gitea', url: people.url, ...people.client }],
    ['GET /providers'],
    ['PATCH /providers/corp', { title: 'Corp' }],
    ['POST /providers/corp/check'],
    ['DELETE /providers/corp'],
    [
      'POST /notice-targets',
      {
        name: 'ops',
        kind: 'webhook',
        to: 'https://example.org/volt',
        repos: ['app'],
        options: { quiet: { from: '22:00', to: '07:00' }, digest: '09:00', zone: 'Europe/Berlin' },
      },
    ],
    ['GET /notice-targets'],
    ['PATCH /notice-targets/ops', { on: 'failure' }],
    ['POST /notice-targets/ops/test'],
    ['GET /notices?target=ops'],
    ['GET /notices/1'],
    ['DELETE /notice-targets/mail/mutes/ada@example.org'],
    ['DELETE /notice-targets/ops'],
    ['POST /people', { name: 'lin' }],
    ['GET /people?text=li'],
    ['GET /people/lin'],
    ['PATCH /people/lin', { name: 'hopper' }],
    ['PUT /people/hopper/addresses/grace@example.org'],
    ['DELETE /people/hopper/addresses/grace@example.org'],
    ['POST /people/hopper/block'],
    ['POST /people/hopper/unblock'],
    ['DELETE /people/hopper'],
    ['GET /config'],
    ['GET /config/file'],
    ['POST /config/diff', { config: { version: 1, variables: { REGION: 'eu' } } }],
    ['POST /config/apply', { config: { version: 1, variables: { REGION: 'eu' } } }],
    ['GET /account'],
    ['GET /account/sessions'],
    ['POST /account/sessions/end-others'],
    ['GET /account/tokens'],
    ['GET /audit?limit=2'],
    ['GET /audit/export?actor=owner'],
    ['GET /sign-in'],
    ['GET /openapi.json'],
  ];
}

/** What only a person who is signed in does, or a token that can be revoked. */
async function asPerson(site: Site, described: Described): Promise<void> {
  const cookie = await site.signInAs('grace');
  const ask = async (method: string, path: string, body?: unknown, headers: { [name: string]: string } = {}) => {
    const own = { cookie, origin: site.privateUrl, ...headers };
    const sent = body === undefined ? null : JSON.stringify(body);
    const answer = await site.ask(`/api/v1${path}`, { method, headers: own, body: sent });
    const known = answer.clone();
    await described.check(method.toLowerCase(), path, answer);
    return bodyOf(known);
  };
  await site.signInAs('grace');
  await ask('PUT', '/account/mail', { mail: 'none' });
  const { sessions } = await ask('GET', '/account/sessions');
  const other = sessions.find(({ current }: { current: boolean }) => !current);
  await ask('DELETE', `/account/sessions/${other.id}`);
  const { name } = await ask('POST', '/account/tokens', { name: 'laptop' });
  await ask('DELETE', `/account/tokens/${name}`);
  const { token } = await bodyOf(await site.post('/api/v1/tokens', { name: 'leaving' }));
  await ask('DELETE', '/account/token', undefined, { authorization: `Bearer ${token}` });
}

describe('web: the API reference page', () => {
  let site: Site;
  let page: string;
  before(async () => {
    site = await Site.start();
    page = await site.page('/api');
  });
  after(() => site.stop());

  it('has every operation and every schema that it links to', () => {
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    for (const id of new Described(apiDescription()).operations) expect(ids).to.include(id);
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links).to.include.members(['schema-Build', 'schema-Error', 'builds', 'events.get']);
    for (const id of links) expect(ids).to.include(id);
  });

  it('shows types, limits and roles', () => {
    const text = page
      .replace(/<[^>]*>/g, ' ')
      .replace(/&quot;/g, '"')
      .replace(/\s+/g, ' ');
    expect(text).to.match(/limit in query integer \(from 1, to 500\) ?, default 50/);
    expect(text).to.match(/POST \/builds\/\{id\}\/cancel .{0,120} needs the role run/);
    expect(text).to.match(/jobs list of Job/);
    expect(text).to.not.match(/undefined|\[object/);
  });
});
