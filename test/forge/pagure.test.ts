import { join } from 'node:path';
import { expect } from 'chai';
import { type Build, isFinal } from '../../src/kernel/model.ts';
import { startNotifier } from '../../src/notifier/start.ts';
import type { Stage } from '../../src/queues/stage.ts';
import { startWeb } from '../../src/web/start.ts';
import { apiOf, newestBuild } from '../support/api.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { isIsolable } from '../support/isolation.ts';
import { hasPagure, Pagure } from '../support/pagure.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

/** Milliseconds. Each hook of Pagure's imports all of it, on a machine that may be busy. */
const patience = 240_000;

const workflow = `on: pull_request
jobs: { test: { runs-on: linux, steps: [{ run: 'test "$TITLE" = "A change"', env: { TITLE: '\${{ github.event.pull_request.title }}' } }] } }
`;

describe('a pull request at a real Pagure', function () {
  this.timeout(900_000);
  const stages: Stage[] = [];
  let pagure: Pagure;
  let server: GitOverHttp;
  let volt: TestVolt;
  let checkout: TestRepository;
  let first: string;

  before(async function () {
    if (!hasPagure() || !(await isIsolable('sandbox'))) return this.skip();
    pagure = await Pagure.start();
    await pagure.ask('owner', 'new', {
      ...{ name: 'app', description: 'x', wait: '1', create_readme: 'true', default_branch: 'main' },
    });
    await pagure.ask('stranger', 'fork', { repo: 'app', wait: '1' });
    server = await GitOverHttp.start(pagure.repositories, 'nobody', 'none');
    server.isOpen = () => true;
    volt = await TestVolt.startAll({ isolation: 'sandbox' });
    const web = await startWeb(volt.context, { host: '127.0.0.1', port: 0 });
    stages.push(web, await startNotifier(volt.context));
    await volt.observe(server.url('app.git'), { pullRequests: 'approved', pollSeconds: 2 });
    const { webhook } = await pagure.ask('owner', 'app/webhook/token');
    const { path } = await apiOf(volt.dataDir).post<{ path: string }>('/repos/app/hook', { key: webhook.token });
    await pagure.ask('owner', 'app/options/update', { 'Web-hooks': `${web.url}${path}`, pull_requests: 'true' });
    checkout = new TestRepository();
    checkout.git('fetch', '--quiet', join(pagure.repositories, 'app.git'), 'main');
    checkout.git('checkout', '--quiet', '-b', 'topic', 'FETCH_HEAD');
  });
  after(async () => {
    for (const stage of stages.reverse()) await stage.stop();
    await volt?.stop();
    await server?.stop();
    await pagure?.stop();
    checkout?.remove();
  });

  interface Flag {
    username: string;
    status: string;
    comment: string;
    url: string;
  }
  const flags = async (path: string): Promise<Flag[]> => (await pagure.ask('owner', `app/${path}/flag`)).flags;
  const flagged = (path: string, is: (flag: Flag) => boolean) =>
    until(`a flag at ${path}`, async () => (await flags(path)).find(is), patience);
  const built = (is: (build: Build) => boolean) =>
    until(
      'the build of the pull request',
      async () => {
        const build = await newestBuild(volt.dataDir, 'app', { pull: '1' });
        return build?.sha === checkout.head() && is(build) ? build : undefined;
      },
      patience,
    );
  const waits = ({ status, reason }: Build) => status === 'waiting' && reason === 'approval_required';
  const decide = (build: Build, decline: boolean) =>
    apiOf(volt.dataDir).post(`/builds/${build.id}/approve`, { decline });

  it('needs a token that may set flags, which is checked without a flag', async () => {
    const api = apiOf(volt.dataDir);
    const ofForge = { name: 'pagure', kind: 'pagure', api: pagure.url };
    await api.post('/forges', { ...ofForge, token: 'none' });
    const refused = await api.post('/forges/pagure/check').then(
      () => undefined,
      (error) => error,
    );
    expect(refused).to.include({ code: 'forge_refused' });
    await api.patch('/forges/pagure', { api: pagure.url, token: pagure.token('owner') });
    await api.post('/forges/pagure/check');
    expect(await flags(`c/${'0'.repeat(40)}`)).to.deep.equal([]);
  });

  it('is of a repository whose commits are flagged', async () => {
    // the first build of main may have ended before Volt knew the forge
    await apiOf(volt.dataDir).post('/repos/app/trigger', { ref: 'main' });
    const flag = await flagged(`c/${checkout.head()}`, ({ status }) => status !== 'pending');
    expect(flag).to.include({ username: 'volt/push', status: 'error' });
    expect(flag.comment).to.match(/no tests/i);
  });

  it('waits for a person, says so by its flag, and then runs with what the webhook has told', async () => {
    first = checkout.commit('a change', { '.github/workflows/ci.yml': workflow });
    await pagure.push('stranger', checkout.path, 'forks/stranger/app', 'topic');
    await pagure.ask('stranger', 'app/pull-request/new', {
      ...{ title: 'A change', branch_to: 'main', branch_from: 'topic', repo_from: 'app' },
      repo_from_username: 'stranger',
    });
    const build = await built(waits);
    expect(build.pullRequest).to.include({ number: 1, head: null, base: 'main' });
    const pending = await flagged('pull-request/1', () => true);
    expect(pending).to.include({ username: 'volt/pull-request', status: 'pending' });
    expect(pending.comment).to.match(/approv/);
    const { db } = volt.context.database;
    const facts = () => db.selectFrom('pull_request_facts').select('facts').executeTakeFirst();
    await until('the webhook has told of the pull request', facts, patience);
    await decide(build, false);
    const over = await built(({ status }) => isFinal(status));
    expect(over, over.message ?? '').to.include({ status: 'success' });
    const done = await flagged('pull-request/1', ({ status }) => status !== 'pending');
    expect(done).to.include({ username: 'volt/pull-request', status: 'success' });
    expect(done.url).to.match(new RegExp(`/builds/${build.id}$`));
    expect(await flags('pull-request/1')).to.have.length(1);
  });

  it('waits again after a push, and its flag says that a person has declined', async () => {
    const second = checkout.commit('more', { more: 'x' });
    await pagure.push('stranger', checkout.path, 'forks/stranger/app', 'topic');
    await decide(await built(waits), true);
    const flag = await flagged(`c/${second}`, ({ status }) => status !== 'pending');
    expect(flag).to.include({ username: 'volt/pull-request', status: 'canceled' });
    expect(flag.comment).to.match(/declined/i);
    expect(await flags(`c/${first}`)).to.have.length(1);
  });
});
