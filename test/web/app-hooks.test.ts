import { createHmac, generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import type { BuildId } from '../../src/kernel/model.ts';
import { observeQueue } from '../../src/queues/names.ts';
import { listActions } from '../../src/record/audit-search.ts';
import { addForge, forgeWithToken, noteChecked } from '../../src/record/forges.ts';
import { pullRequestFacts } from '../../src/record/pull-request-facts.ts';
import { accountOf } from '../support/fake-comments.ts';
import { FakeForge } from '../support/fake-forge.ts';
import { FakeGithubApp } from '../support/fake-github-app.ts';
import { bodyOf, job, Site } from './site.ts';

// biome-ignore lint/suspicious/noExplicitAny: payloads of every form
type Payload = any;
/** What GitHub has published of the calls of its webhooks. */
const published = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
  name: string;
  examples: Payload[];
}[];
const example = (name: string, action?: string): Payload => {
  const all = published.find((one) => one.name === name)?.examples ?? [];
  const found = all.find((one) => action === undefined || one.action === action);
  if (!found) throw new Error(`no example of ${name} ${action}`);
  return structuredClone(found);
};

describe('web: the webhook of a GitHub App', () => {
  let site: Site;
  const webhookSecret = 'the-secret-of-the-app';

  before(async () => {
    site = await Site.start({ url: 'https://ci.example' });
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = String(privateKey.export({ type: 'pkcs1', format: 'pem' }));
    const about = { kind: 'github' as const, createdBy: 'owner' };
    await addForge(site.context.database, site.context.config, {
      ...about,
      name: 'hub',
      app: { id: 7, key, webhookSecret },
    });
    await addForge(site.context.database, site.context.config, { ...about, name: 'silent', app: { id: 8, key } });
  });
  beforeEach(async () => {
    await site.context.access.client.flushall();
    await site.context.database.db.deleteFrom('intents').execute();
    await site.context.database.db.deleteFrom('builds').execute();
    await site.context.database.db.deleteFrom('repositories').execute();
    await site.repository('hello', { url: 'https://github.com/codertocat/Hello-World.git', pullRequests: 'all' });
    await site.repository('other', { url: 'https://github.com/codertocat/other.git' });
    await site.repository('elsewhere', { url: 'https://git.example/codertocat/Hello-World.git' });
  });
  after(() => site.stop());

  const call = (event: string, payload: Payload, { secret = webhookSecret, forge = 'hub' } = {}) => {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const code = createHmac('sha256', secret).update(body).digest('hex');
    const headers = { 'x-hub-signature-256': `sha256=${code}`, 'x-github-event': event };
    return site.fetch(`/hooks/forges/${forge}`, { method: 'POST', headers, body });
  };
  const polled = async () =>
    (await site.context.queues.queue(observeQueue(null)).getWaiting()).map(({ data }) => data.repo).sort();
  const retries = async () => {
    const query = site.context.database.db.selectFrom('intents').select(['build_id', 'job_id', 'failed_only']);
    const rows = await query.where('kind', '=', 'retry').execute();
    return rows.map((row) => ({ build: String(row.build_id), job: row.job_id, failedOnly: row.failed_only === 1 }));
  };

  it('has the repository polled that a push is about, whatever capitals its address has', async () => {
    const answer = await call('push', example('push'));
    expect(answer.status).to.equal(202);
    expect(await bodyOf(answer)).to.deep.equal({ forge: 'hub', repos: ['hello'] });
    expect(await polled()).to.deep.equal(['hello']);
  });

  it('tells of pull requests as the webhook of a repository does', async () => {
    const payload = example('pull_request', 'opened');
    await call('pull_request', payload);
    const known = await pullRequestFacts(site.context.database, 'hello', payload.number);
    expect(known).to.include({ title: payload.pull_request.title, author: payload.pull_request.user.login });
    expect(await pullRequestFacts(site.context.database, 'other', payload.number)).to.equal(null);
    expect(await polled()).to.deep.equal(['hello']);
  });

  it('has only the repository polled that a large body is about, and none for one that is larger than Volt reads', async () => {
    const padded = (size: number) => `${' '.repeat(size)}${JSON.stringify(example('push'))}`;
    expect((await call('push', padded(2_200_000))).status).to.equal(202);
    expect(await polled()).to.deep.equal([]);
    await call('push', padded(1_500_000));
    expect(await polled()).to.deep.equal(['hello']);
  });

  it('is accepted and does nothing where it is about no repository of Volt', async () => {
    const foreign = { ...example('push'), repository: { full_name: 'someone/else' } };
    for (const [event, payload] of [
      ['push', foreign],
      ['installation', example('installation', 'created')],
      ['ping', { zen: 'Keep it simple' }],
      ['push', 'no JSON'],
      ['check_run', { ...example('check_run', 'completed') }],
    ] as const)
      expect((await call(event, payload)).status, event).to.equal(202);
    expect(await polled()).to.deep.equal([]);
    expect(await retries()).to.deep.equal([]);
  });

  it('is refused without the secret of this App', async () => {
    const wrong = [
      { secret: 'another' },
      { forge: 'silent' },
      { forge: 'nowhere' },
      { forge: '..%2Fhub' },
      { forge: 'hello' },
    ];
    for (const options of wrong) {
      const answer = await call('push', example('push'), options);
      expect([answer.status, (await bodyOf(answer)).error.code], JSON.stringify(options)).to.deep.equal([
        401,
        'bad_signature',
      ]);
    }
    expect(await polled()).to.deep.equal([]);
  });

  describe('where somebody wants a check again', () => {
    const sha = 'c'.repeat(40);
    let build: BuildId;
    let fake: FakeForge;
    let app: FakeGithubApp;

    before(async () => {
      const { database, config } = site.context;
      fake = await FakeForge.start('github');
      app = fake.app = new FakeGithubApp(fake);
      const repos = ['app=acme/app', 'extra=acme/extra'];
      const own = { id: app.id, key: app.key, webhookSecret };
      await addForge(database, config, {
        name: 'fake',
        kind: 'github',
        api: fake.api,
        repos,
        createdBy: 'owner',
        app: own,
      });
      await noteChecked(database, config, await forgeWithToken(database, config, 'fake'));
    });
    after(() => fake.stop());
    beforeEach(async () => {
      fake.writers = ['octocat'];
      fake.fault = () => undefined;
      await site.repository('app');
      await site.repository('extra');
      build = await site.build('app', { sha }, [{ name: 'lint' }, { name: 'test' }]);
      for (const index of [1, 2]) {
        await site.begin({ job: job(build, index), attempt: 1 });
        await site.finish({ job: job(build, index), attempt: 1 }, { status: index === 1 ? 'success' : 'failure' });
      }
    });
    const wanted = (more: object, action = 'rerequested') => {
      const payload = example('check_run', 'rerequested');
      Object.assign(from(payload, 'check_run').check_run, {
        ...{ head_sha: sha, name: 'volt/push', external_id: `${build}.1` },
        ...more,
      });
      return { ...payload, action };
    };
    /** What GitHub would say of a check of the App, which somebody wants. */
    const from = (payload: Payload, subject: 'check_run' | 'check_suite', login = 'octocat') => {
      payload[subject].app.id = app.id;
      payload.repository.full_name = 'Acme/App';
      payload.sender = { login, id: accountOf(login).id, type: 'User' };
      return payload;
    };
    const ask = (event: string, payload: Payload) => call(event, payload, { forge: 'fake' });

    it('runs what has failed of its build again, once for each call, and the audit log names who', async () => {
      const payload = wanted({});
      for (let times = 0; times < 2; times++) expect((await ask('check_run', payload)).status).to.equal(202);
      expect(await retries()).to.deep.equal([{ build, job: null, failedOnly: true }]);
      const [entry] = await listActions(site.context.database, { limit: 1 });
      expect(entry).to.include({ actor: 'octocat at fake', action: 'builds.retry', target: build });
      expect(await polled()).to.deep.equal([]);
    });

    it('runs whole builds again where all checks of a commit are wanted', async () => {
      const payload = from(example('check_suite', 'rerequested'), 'check_suite');
      payload.check_suite.head_sha = sha;
      await ask('check_suite', payload);
      expect(await retries()).to.deep.equal([{ build, job: null, failedOnly: false }]);
    });

    it('runs nothing for somebody who may not write to the repository, whatever the call says, and for checks of other Apps', async () => {
      await ask('check_run', from(wanted({}), 'check_run', 'reader'));
      const [entry] = await listActions(site.context.database, { limit: 1 });
      expect(entry).to.include({ actor: 'reader at fake', action: 'builds.retry', target: 'app', status: 403 });
      // another account that has the name by now
      await ask('check_run', { ...wanted({}), sender: { login: 'octocat', id: 1 } });
      await ask('check_run', { ...wanted({}), sender: null });
      await ask('check_run', wanted({ app: { id: app.id + 1 } }));
      const suite = from(example('check_suite', 'rerequested'), 'check_suite', 'reader');
      suite.check_suite.head_sha = sha;
      await ask('check_suite', suite);
      site.context.logger.silent = true;
      fake.fault = ({ path }) => (path.endsWith('/permission') ? { status: 403 } : undefined);
      expect((await ask('check_run', wanted({ output: {} }))).status).to.equal(202);
      site.context.logger.silent = false;
      expect(await retries()).to.deep.equal([]);
    });

    it('runs nothing for checks that Volt has not made, and while the build runs', async () => {
      const others = [{ external_id: '1' }, { external_id: '' }, { external_id: `${build}9.1` }, { name: 'volt/tag' }];
      for (const more of [...others, { head_sha: 'd'.repeat(40) }]) await ask('check_run', wanted(more));
      await ask('check_run', wanted({}, 'completed'));
      const foreign = { ...wanted({}), repository: { full_name: 'acme/extra' } };
      await ask('check_run', foreign);
      const open = await site.build('app', { sha: 'e'.repeat(40) });
      await ask('check_run', wanted({ external_id: `${open}.1`, head_sha: 'e'.repeat(40) }));
      expect(await retries()).to.deep.equal([]);
    });
  });
});
