import { createHmac, generateKeyPairSync } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import type { AwaitedEvent } from '../../src/kernel/workflow-events.ts';
import { observeQueue } from '../../src/queues/names.ts';
import { requestEvent } from '../../src/record/event-requests.ts';
import { addForge } from '../../src/record/forges.ts';
import { ensureHook } from '../../src/record/hooks.ts';
import { openTriggers } from '../../src/record/intents.ts';
import { pullRequestFacts } from '../../src/record/pull-request-facts.ts';
import { removeRepository } from '../../src/record/removal.ts';
import { BodySlots } from '../../src/web/hooks/body-slots.ts';
import { volt } from '../support/cli.ts';
import { until } from '../support/until.ts';
import { bodyOf, Site } from './site.ts';

interface Example {
  number: number;
  pull_request: {
    title: string;
    body: string | null;
    draft?: boolean;
    labels: { name: string }[];
    user: { login: string };
    head: { ref: string; repo: { full_name: string } | null };
    state: string;
    merged?: boolean;
    html_url: string;
  };
}
interface Told {
  action: string;
  repository: object;
  organization?: object;
  installation?: object;
  release?: { tag_name: string };
}
/** What GitHub has published of the calls of its webhooks. */
const published = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
  name: string;
  examples: Example[];
}[];

describe('web: webhooks', () => {
  let site: Site;
  let secret: string;
  let signingToken: string;

  before(async () => {
    site = await Site.start({ url: 'https://ci.example' });
  });

  beforeEach(async () => {
    await site.context.access.client.flushall();
    await site.context.database.db.deleteFrom('repositories').execute();
    await site.repository('app');
    secret = await secretOf('app');
    ({ signingToken } = await bodyOf(await site.post('/api/v1/repos/app/hook', {})));
  });

  after(() => site.stop());

  async function secretOf(repo: string, rotate = false): Promise<string> {
    const answer = await bodyOf(await site.post(`/api/v1/repos/${repo}/hook`, { rotate }));
    expect(answer.path).to.equal(`/hooks/${repo}`);
    return answer.secret;
  }
  const looks = async () =>
    (await site.context.queues.queue(observeQueue(null)).getWaiting()).map(({ data }) => [data.repo, data.cause]);
  const call = (headers: Record<string, string>, body = push, repo = 'app') =>
    site.fetch(`/hooks/${repo}`, { method: 'POST', headers, body });
  const push = '{"ref":"refs/heads/main"}';
  const base64 = (text: string, key: Buffer) => createHmac('sha256', key).update(text).digest('base64');
  /** The headers of Standard Webhooks, signed as their own libraries do it. */
  const standard = ({ token = signingToken, time = Math.floor(Date.now() / 1000), id = 'msg_1' } = {}) => {
    const signature = base64(`${id}.${time}.${push}`, Buffer.from(token.replace('whsec_', ''), 'base64'));
    return { 'webhook-id': id, 'webhook-timestamp': String(time), 'webhook-signature': `v1,${signature}` };
  };
  const code = (body = push, key = secret) => createHmac('sha256', key).update(body).digest('hex');

  const forges: [string, () => Record<string, string>][] = [
    [
      'GitHub',
      () => ({ 'x-hub-signature-256': `sha256=${code()}`, 'x-hub-signature': 'sha1=0123', 'x-github-event': 'push' }),
    ],
    [
      'Gitea',
      () => ({ 'x-gitea-signature': code(), 'x-gogs-signature': code(), 'x-hub-signature-256': `sha256=${code()}` }),
    ],
    ['Forgejo', () => ({ 'x-forgejo-signature': code() })],
    ['Gogs', () => ({ 'x-gogs-signature': code() })],
    ['Bitbucket', () => ({ 'x-hub-signature': `sha256=${code()}` })],
    ['GitLab', () => ({ 'x-gitlab-token': secret, 'x-gitlab-event': 'Push Hook' })],
    ['GitLab with a signing token', () => standard()],
    ['Azure DevOps', () => ({ authorization: `Basic ${btoa(`volt:${secret}`)}` })],
    ['Bitbucket Data Center with a password', () => ({ authorization: `basic ${btoa(`:${secret}`)}` })],
  ];
  for (const [forge, headers] of forges) {
    it(`of ${forge} make Volt poll the repository, without a token`, async () => {
      const answer = await call(headers());
      expect(answer.status).to.equal(202);
      expect(await looks()).to.deep.equal([['app', 'hook']]);
    });
  }

  it('with any body are accepted, also with none', async () => {
    for (const body of ['', '\0\r\n', 'x'.repeat(3_000_000)])
      expect((await call({ 'x-gitea-signature': code(body) }, body)).status).to.equal(202);
  });

  it('without a valid signature are refused, without revealing whether the repository exists', async () => {
    await site.repository('without');
    const wrong: [Record<string, string>, string][] = [
      [{}, 'app'],
      [{ 'x-hub-signature-256': `sha256=${code('another')}` }, 'app'],
      [{ 'x-hub-signature-256': code() }, 'app'],
      [{ 'x-hub-signature-256': 'sha256=' }, 'app'],
      [{ 'x-hub-signature': `sha1=${createHmac('sha1', secret).update(push).digest('hex')}` }, 'app'],
      [{ 'x-gitea-signature': code(push, 'another secret') }, 'app'],
      [{ 'x-gitea-signature': '' }, 'app'],
      [{ 'x-gitlab-token': '' }, 'app'],
      [{ 'x-gitlab-token': code() }, 'app'],
      [{ authorization: `Bearer ${site.token}` }, 'app'],
      [{ authorization: `Bearer ${secret}` }, 'app'],
      [{ authorization: `Basic ${btoa(`${secret}:`)}` }, 'app'],
      [{ authorization: `Basic ${btoa('volt:another')}` }, 'app'],
      [{ 'x-pagure-signature-256': code(push, 'another secret') }, 'app'],
      [standard({ token: `whsec_${btoa('another secret')}` }), 'app'],
      [standard({ time: Math.floor(Date.now() / 1000) - 400 }), 'app'],
      [standard({ time: Math.floor(Date.now() / 1000) + 400 }), 'app'],
      [{ ...standard(), 'webhook-id': 'msg_2' }, 'app'],
      [{ ...standard(), 'webhook-signature': standard()['webhook-signature'].replace('v1,', 'v1a,') }, 'app'],
      [{ 'x-gitea-signature': code() }, 'without'],
      [{ 'x-gitea-signature': code() }, 'nowhere'],
      [{ 'x-gitea-signature': code() }, '..%2Fapp'],
    ];
    for (const [headers, repo] of wrong) {
      const answer = await call(headers, push, repo);
      expect([answer.status, (await bodyOf(answer)).error.code], JSON.stringify([headers, repo])).to.deep.equal([
        401,
        'bad_signature',
      ]);
    }
    expect(await looks()).to.deep.equal([]);
  });

  it('of one repository are refused for another', async () => {
    await site.repository('other');
    const others = await secretOf('other');
    expect(others).to.not.equal(secret);
    expect((await call({ 'x-gitlab-token': others })).status).to.equal(401);
  });

  it('have the same secret until it is rotated or the repository is removed', async () => {
    expect(await secretOf('app')).to.equal(secret);
    const rotated = await secretOf('app', true);
    expect(rotated)
      .to.match(/^[0-9a-f]{64}$/)
      .and.not.equal(secret);
    expect((await call({ 'x-gitlab-token': secret })).status).to.equal(401);
    expect((await call({ 'x-gitlab-token': rotated })).status).to.equal(202);
    await removeRepository(site.context.database, 'app', false);
    expect((await call({ 'x-gitlab-token': rotated })).status).to.equal(401);
    expect((await site.post('/api/v1/repos/app/hook')).status).to.equal(404);
  });

  it('have the key that Pagure has made beside their own secret, until that is rotated', async () => {
    const key = 'PAGUREMADETHISKEYITSELF';
    const pagure = () => call({ 'x-pagure-topic': 'git.receive', 'x-pagure-signature-256': code(push, key) });
    expect((await pagure()).status).to.equal(401);
    await bodyOf(await site.post('/api/v1/repos/app/hook', { key }));
    expect((await pagure()).status).to.equal(202);
    expect((await call({ 'x-gitea-signature': code() })).status).to.equal(202);
    const rows = await site.context.database.db.selectFrom('repositories').selectAll().execute();
    expect(JSON.stringify(rows)).to.not.include(key);
    await secretOf('app', true);
    expect((await pagure()).status).to.equal(401);
  });

  it('refuse a key that begins as a signing token and is none, with which anybody could sign', async () => {
    for (const key of ['whsec_!!!!!!!!!!!!!!!!!!!!!!!!', 'whsec_c2hvcnQ=====']) {
      const answer = await site.post('/api/v1/repos/app/hook', { key });
      expect(answer.status, key).to.equal(400);
      expect((await bodyOf(answer)).error.message).to.include('signing token');
    }
    await bodyOf(await site.post('/api/v1/repos/app/hook', { key: `whsec_${btoa('a token of the forge')}` }));
    await secretOf('app', true);
  });

  it('of GitLab may have several signatures, while a signing token is replaced', async () => {
    const headers = standard();
    const former = standard({ token: `whsec_${btoa('a former token')}` })['webhook-signature'];
    const both = { ...headers, 'webhook-signature': `${former} ${headers['webhook-signature']}` };
    expect((await call(both)).status).to.equal(202);
  });

  describe('about a pull request', () => {
    let name: string;
    let count = 0;
    const facts = async (number: number, repo = name) => pullRequestFacts(site.context.database, repo, number);
    const tell = (payload: object, headers: Record<string, string> = {}) => {
      const body = JSON.stringify(payload);
      return call({ 'x-hub-signature-256': `sha256=${code(body)}`, ...headers }, body, name);
    };

    // calls of one webhook are limited
    beforeEach(async () => {
      name = `pulls${++count}`;
      await site.repository(name, { pullRequests: 'all' });
      secret = await secretOf(name);
    });

    it('store what GitHub tells of it, in all of its published examples', async () => {
      const examples = published.find((each) => each.name === 'pull_request')?.examples ?? [];
      expect(examples).to.have.length.above(20);
      for (const example of examples) {
        await site.context.database.db.deleteFrom('pull_request_facts').execute();
        await site.context.access.client.flushall();
        const answer = await tell(example, { 'x-github-event': 'pull_request' });
        expect(answer.status).to.equal(202);
        const { title, body, draft, labels, user, head, state, merged, html_url: url } = example.pull_request;
        expect(await facts(example.number)).to.deep.equal({
          ...{ title, body, draft: draft ?? null, labels: labels.map((label) => label.name), author: user.login },
          ...{ headRef: head.ref, headRepo: head.repo?.full_name ?? null, isOpen: state === 'open' },
          ...{ merged: merged ?? null, url },
        });
      }
      expect(await looks()).to.deep.include([name, 'hook']);
    });

    const told = { title: 'A title', body: 'a body', author: 'ada', headRef: 'topic', headRepo: 'ada/app' };
    const own = { title: told.title, state: 'open', body: told.body, updated_at: '2026-03-01T00:00:00Z' };
    const forges: [string, Record<string, string>, object, object?][] = [
      [
        'Gitea',
        { 'x-gitea-event': 'pull_request', 'x-gitea-event-type': 'pull_request_label' },
        {
          ...{ action: 'label_updated', number: 7 },
          pull_request: {
            ...{ ...own, number: 7, user: { login: 'ada' }, labels: [{ name: 'bug' }] },
            head: { ref: 'topic', repo: { full_name: 'ada/app' } },
          },
        },
        { labels: ['bug'] },
      ],
      [
        'GitLab',
        { 'x-gitlab-event': 'Merge Request Hook' },
        {
          ...{ object_kind: 'merge_request', user: { username: 'ada' }, labels: [{ title: 'bug' }] },
          object_attributes: {
            ...{ iid: 7, title: told.title, description: told.body, draft: true, state: 'opened', action: 'open' },
            ...{ source_branch: 'topic', source: { path_with_namespace: 'ada/app' } },
            ...{ url: 'https://example.com/acme/app/-/merge_requests/7', updated_at: '2026-03-01 00:00:00 UTC' },
          },
        },
        { labels: ['bug'], draft: true, merged: false, url: 'https://example.com/acme/app/-/merge_requests/7' },
      ],
      [
        'Bitbucket',
        { 'x-event-key': 'pullrequest:created' },
        {
          pullrequest: {
            ...{ id: 7, title: told.title, description: told.body, state: 'OPEN', author: { nickname: 'ada' } },
            source: { branch: { name: 'topic' }, repository: { full_name: 'ada/app' } },
          },
        },
        { merged: false },
      ],
      [
        'Bitbucket Data Center',
        { 'x-event-key': 'pr:opened' },
        {
          pullRequest: {
            ...{ id: 7, title: told.title, description: told.body, open: true, author: { user: { name: 'ada' } } },
            fromRef: { id: 'refs/heads/topic', repository: { slug: 'app', project: { key: 'ada' } } },
            links: { self: [{ href: 'https://example.com/projects/ACME/repos/app/pull-requests/7' }] },
          },
        },
        { url: 'https://example.com/projects/ACME/repos/app/pull-requests/7' },
      ],
      [
        'Pagure',
        { 'x-pagure-topic': 'pull-request.new' },
        {
          msg: {
            pullrequest: {
              ...{ id: 7, title: told.title, initial_comment: told.body, status: 'Open', user: { name: 'ada' } },
              ...{
                branch_from: 'topic',
                repo_from: { fullname: 'ada/app' },
                tags: ['bug'],
                last_updated: '1772323200',
              },
            },
          },
        },
        { labels: ['bug'], merged: false },
      ],
      [
        'Azure DevOps',
        {},
        {
          ...{ eventType: 'git.pullrequest.created', createdDate: '2026-03-01T00:00:00.2813828Z' },
          resource: {
            ...{ pullRequestId: 7, title: told.title, description: told.body, isDraft: false, status: 'active' },
            ...{ sourceRefName: 'refs/heads/topic', createdBy: { uniqueName: 'ada' } },
            forkSource: { repository: { name: 'ada/app' } },
          },
        },
        { draft: false, merged: false },
      ],
    ];
    for (const [forge, headers, payload, more] of forges)
      it(`store what ${forge} tells of it`, async () => {
        expect((await tell(payload, headers)).status).to.equal(202);
        const none = { draft: null, labels: null, merged: null, url: null };
        expect(await facts(7)).to.deep.equal({ ...none, ...told, isOpen: true, ...more });
      });

    const github = (title: string, at: string) => ({ pull_request: { number: 7, title, updated_at: at } });
    const event = { 'x-github-event': 'pull_request' };

    it('change nothing when an older call is repeated, also with another id', async () => {
      const first = github('first', '2026-03-01T00:00:00Z');
      await tell(first, { ...event, 'x-github-delivery': 'a' });
      await tell(github('second', '2026-03-01T00:00:01Z'), { ...event, 'x-github-delivery': 'b' });
      expect((await tell(first, { ...event, 'x-github-delivery': 'c' })).status).to.equal(202);
      expect((await facts(7))?.title).to.equal('second');
      // also where Redis has forgotten the call
      await site.context.access.client.flushall();
      await tell(first, event);
      expect((await facts(7))?.title).to.equal('second');
    });

    describe('that has got a label', () => {
      const labeled = (at = '2026-03-01T00:00:00Z', more = {}) => ({
        ...{ action: 'labeled', label: { name: 'full ci' }, ...github('a title', at), ...more },
      });
      const asked = async () =>
        (await openTriggers(site.context.database, name)).map(({ ref, event: of }) => ({ ref, event: of }));
      const once = [
        {
          ref: 'refs/merge-requests/7/head',
          event: { name: 'pull_request', number: 7, action: 'labeled', label: 'full ci', head: 'a'.repeat(40) },
        },
      ];

      beforeEach(async () => {
        const seen = { ref: 'refs/merge-requests/7/head', head: 'a'.repeat(40), moved_at: 0 };
        await site.context.database.db
          .insertInto('pull_requests')
          .values({ repo: name, number: 7, ...seen })
          .execute();
      });

      it('ask for what waits for labels, once for each call', async () => {
        for (const id of ['a', 'b']) await tell(labeled(), { ...event, 'x-github-delivery': id });
        expect(await asked()).to.deep.equal(once);
        await tell(labeled('2026-02-01T00:00:00Z'), event);
        expect(await asked(), 'after an older one').to.deep.equal(once);
        await tell(labeled('2026-03-02T00:00:00Z'), event);
        expect(await asked(), 'after a newer one').to.deep.equal([...once, ...once]);
      });

      it('ask for it at the head that the call names, not at one that was pushed later', async () => {
        const head = 'b'.repeat(40);
        await tell(labeled(undefined, { pull_request: { number: 7, head: { sha: head } } }), event);
        const its = { iid: 7, action: 'update', updated_at: '2026-03-02T00:00:00Z', last_commit: { id: head } };
        const changes = { labels: { previous: [], current: [{ title: 'full ci' }] } };
        const payload = { object_kind: 'merge_request', object_attributes: its, changes };
        await tell(payload, { 'x-gitlab-event': 'Merge Request Hook' });
        expect((await asked()).map(({ event: of }) => (of as { head?: string }).head)).to.deep.equal([head, head]);
      });

      it('at GitLab ask for the same', async () => {
        const labels = { previous: [{ title: 'bug' }], current: [{ title: 'bug' }, { title: 'full ci' }] };
        const its = { iid: 7, action: 'update', updated_at: '2026-03-01T00:00:00Z' };
        const payload = { object_kind: 'merge_request', object_attributes: its, changes: { labels } };
        await tell(payload, { 'x-gitlab-event': 'Merge Request Hook' });
        expect(await asked()).to.deep.equal(once);
      });

      it('ask for nothing at a new head, which git shows, and for a pull request that Volt has not seen', async () => {
        for (const action of ['opened', 'synchronize', 'submitted']) await tell(labeled(undefined, { action }), event);
        await tell(labeled(undefined, { pull_request: { number: 8, title: 'x' } }), event);
        expect(await asked()).to.deep.equal([]);
      });
    });

    it('change nothing when they are forged, or of a repository that builds no pull requests', async () => {
      const payload = JSON.stringify(github('forged', '2026-03-01T00:00:00Z'));
      expect(
        (await call({ ...event, 'x-hub-signature-256': `sha256=${code('other')}` }, payload, name)).status,
      ).to.equal(401);
      await site.repository('plain');
      const plain = await secretOf('plain');
      const signed = { ...event, 'x-hub-signature-256': `sha256=${code(payload, plain)}` };
      expect((await call(signed, payload, 'plain')).status).to.equal(202);
      expect([await facts(7), await facts(7, 'plain')]).to.deep.equal([null, null]);
    });

    it('are accepted whatever their payload is, and store no more than there is room for', async () => {
      const odd = [
        ...['[]', '"x"', '{"pull_request":7}', '{"pull_request":{"number":"7"}}', '{"pull_request":{"number":-1}}'],
        `${'['.repeat(100_000)}`,
        '{"__proto__":{"pull_request":{"number":7}}}',
      ];
      for (const body of odd) {
        const signed = { ...event, 'x-hub-signature-256': `sha256=${code(body)}` };
        expect((await call(signed, body, name)).status, body.slice(0, 60)).to.equal(202);
      }
      expect(await site.context.database.db.selectFrom('pull_request_facts').selectAll().execute()).to.deep.equal([]);
      const long = 'x'.repeat(100_000);
      const labels = Array.from({ length: 1000 }, (_, index) => ({ name: `${index}` }));
      await tell(
        {
          pull_request: {
            number: 8,
            title: long,
            body: long,
            labels,
            html_url: 'javascript:alert(1)',
            head: { ref: 'a\0b\n' },
          },
        },
        event,
      );
      const stored = await facts(8);
      expect(stored).to.include({ url: null, headRef: null });
      expect([stored?.title?.length, stored?.body?.length, stored?.labels?.length]).to.deep.equal([1000, 10_000, 100]);
    });
  });

  describe('about an issue, a comment or a release', () => {
    let name: string;
    let count = 0;
    const wait = (awaited: AwaitedEvent[]) =>
      site.context.database.db
        .updateTable('repositories')
        .set({ awaited: JSON.stringify(awaited) })
        .where('name', '=', name)
        .execute();
    const asked = async () => openTriggers(site.context.database, name);
    const tell = (payload: object, headers: Record<string, string>) => {
      const body = JSON.stringify(payload);
      return call({ 'x-hub-signature-256': `sha256=${code(body)}`, ...headers }, body, name);
    };

    beforeEach(async () => {
      name = `events${++count}`;
      await site.repository(name);
      secret = await secretOf(name);
      await wait([{ event: 'issues' }, { event: 'issue_comment' }]);
    });

    for (const event of ['issues', 'issue_comment', 'release'])
      it(`ask for what waits for ${event}, in all of GitHub's published examples`, async () => {
        const examples = (published.find((each) => each.name === event)?.examples ?? []) as unknown as Told[];
        expect(examples).to.have.length.above(8);
        for (const example of examples) {
          await site.context.database.db.deleteFrom('intents').execute();
          await site.context.access.client.flushall();
          const answer = await tell(example, { 'x-github-event': event });
          expect(answer.status, await answer.clone().text()).to.equal(202);
          const [{ ref, event: of } = { ref: '', event: {} }, ...more] = await asked();
          expect(more).to.deep.equal([]);
          const { repository: _, organization: __, installation: ___, action, ...rest } = example;
          const { payload, ...about } = of as { payload: object };
          expect(about).to.deep.equal({ name: 'forge', event, action });
          expect(ref).to.equal(event === 'release' ? `refs/tags/${example.release?.tag_name}` : null);
          expect(rest).to.deep.include(payload);
          expect(payload).to.include.keys(event === 'release' ? ['release', 'sender'] : ['issue', 'sender']);
        }
      });

    const gitlab: [string, object, object][] = [
      [
        'Issue Hook',
        {
          object_kind: 'issue',
          user: { username: 'ada' },
          object_attributes: { iid: 7, action: 'open', title: 'a title', state: 'opened', url: 'https://x/7' },
          labels: [{ title: 'bug' }],
        },
        {
          event: 'issues',
          action: 'opened',
          payload: {
            issue: {
              ...{ number: 7, title: 'a title', body: null, state: 'open', html_url: 'https://x/7' },
              ...{
                created_at: null,
                updated_at: null,
                labels: [{ name: 'bug' }],
                user: { login: 'ada', type: 'User' },
              },
            },
            sender: { login: 'ada', type: 'User' },
          },
        },
      ],
      [
        'Note Hook',
        {
          object_kind: 'note',
          user: { username: 'ada' },
          object_attributes: { id: 3, note: 'do it', noteable_type: 'MergeRequest', url: 'https://x/7#3' },
          merge_request: { iid: 7, title: 'a title', state: 'merged' },
        },
        {
          event: 'issue_comment',
          action: 'created',
          payload: {
            issue: {
              ...{ number: 7, title: 'a title', body: null, state: 'closed', html_url: null },
              ...{ created_at: null, updated_at: null, labels: [], pull_request: {} },
            },
            comment: {
              ...{ id: 3, body: 'do it', html_url: 'https://x/7#3', created_at: null, updated_at: null },
              user: { login: 'ada', type: 'User' },
            },
            sender: { login: 'ada', type: 'User' },
          },
        },
      ],
      [
        'Release Hook',
        { object_kind: 'release', action: 'create', tag: 'v1', name: 'one', description: 'new', url: 'https://x/v1' },
        {
          event: 'release',
          action: 'published',
          payload: {
            release: {
              ...{ id: null, tag_name: 'v1', name: 'one', body: 'new', html_url: 'https://x/v1', created_at: null },
              ...{ draft: false, prerelease: false },
            },
          },
        },
      ],
    ];
    for (const [hook, payload, event] of gitlab)
      it(`ask for the same when GitLab calls with its ${hook}`, async () => {
        await tell(payload, { 'x-gitlab-event': hook });
        expect((await asked()).map((each) => each.event)).to.deep.equal([{ name: 'forge', ...event }]);
      });

    it('ask for nothing at confidential issues and comments of GitLab, whose logs may be public', async () => {
      const issue = { object_kind: 'issue', object_attributes: { iid: 7, action: 'open', title: 'a hole' } };
      const note = {
        ...{ object_kind: 'note', issue: { iid: 7, title: 'a hole' } },
        object_attributes: { id: 3, note: 'x', noteable_type: 'Issue' },
      };
      const confidential = [
        { ...issue, event_type: 'confidential_issue' },
        { ...issue, object_attributes: { ...issue.object_attributes, confidential: true } },
        { ...note, event_type: 'confidential_note' },
        { ...note, object_attributes: { ...note.object_attributes, internal: true } },
        { ...note, object_attributes: { ...note.object_attributes, confidential: true } },
        { ...note, issue: { ...note.issue, confidential: true } },
      ];
      for (const payload of confidential) {
        const hook = payload.object_kind === 'issue' ? 'Issue Hook' : 'Note Hook';
        expect((await tell(payload, { 'x-gitlab-event': hook })).status).to.equal(202);
        expect(await asked(), JSON.stringify(payload)).to.deep.equal([]);
      }
      for (const payload of [issue, note]) await tell(payload, { 'x-gitlab-event': 'Issue Hook' });
      expect(await asked()).to.have.length(2);
    });

    it('ask for the same when Gitea calls, in the words of GitHub', async () => {
      const payload = { action: 'label_updated', issue: { number: 7 }, is_pull: false, sender: { login: 'ada' } };
      await tell(payload, { 'x-gitea-event': 'issues', 'x-github-event': 'issues' });
      expect((await asked()).map(({ event }) => event)).to.deep.equal([
        {
          ...{ name: 'forge', event: 'issues', action: 'labeled' },
          payload: { issue: { number: 7 }, sender: { login: 'ada' } },
        },
      ]);
    });

    const comment = (more = {}) => ({ action: 'created', issue: { number: 7 }, comment: { body: 'x' }, ...more });
    const event = { 'x-github-event': 'issue_comment' };

    it('ask once for each call, whatever id and headers a repeated one has', async () => {
      await tell(comment(), { ...event, 'x-github-delivery': 'a' });
      await tell(comment(), { ...event, 'x-github-delivery': 'b' });
      await tell(comment(), { 'x-github-event': 'issues' });
      expect(await asked()).to.have.length(1);
    });

    describe('where Volt is a GitHub App', () => {
      const bot = (login: string) => ({ sender: { login, type: 'Bot' } });
      const by = (id: number) => ({ comment: { body: 'x', performed_via_github_app: { id } } });

      beforeEach(async () => {
        const { database, config } = site.context;
        await database.db.deleteFrom('forges').execute();
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        const key = String(privateKey.export({ type: 'pkcs1', format: 'pem' }));
        const app = { id: 7, key, page: 'https://github.com/apps/volt-ci' };
        const about = { name: 'hub', createdBy: 'owner', repos: [`${name}=acme/app`] };
        await addForge(database, config, { ...about, kind: 'github', app });
      });
      after(() => site.context.database.db.deleteFrom('forges').execute());

      it('ask for nothing that a job has caused with the token of the App, which would start itself for ever', async () => {
        await tell(comment(bot('volt-ci[bot]')), event);
        await tell(comment({ ...bot('of-unknown-page[bot]'), ...by(7) }), event);
        await tell({ action: 'labeled', issue: { number: 7 }, ...bot('volt-ci[bot]') }, { 'x-github-event': 'issues' });
        await tell(
          { action: 'edited', release: { tag_name: 'v1' }, ...bot('volt-ci[bot]') },
          { 'x-github-event': 'release' },
        );
        expect(await asked()).to.deep.equal([]);
      });

      it('ask for what people, other Apps, and namesakes have caused', async () => {
        await tell(comment({ sender: { login: 'ada', type: 'User' }, ...by(7) }), event);
        await tell(comment({ ...bot('other[bot]'), ...by(8) }), event);
        await tell(comment({ sender: { login: 'volt-ci[bot]', type: 'User' } }), event);
        const mine = { action: 'labeled', issue: { number: 7, performed_via_github_app: { id: 8 } } };
        await tell({ ...mine, ...bot('other[bot]') }, { 'x-github-event': 'issues' });
        expect(await asked()).to.have.length(4);
      });
    });

    it('ask for nothing when they are forged, or no workflow of the default branch waits for them', async () => {
      const body = JSON.stringify(comment());
      const forged = { ...event, 'x-hub-signature-256': `sha256=${code(body, 'another')}` };
      expect((await call(forged, body, name)).status).to.equal(401);
      await wait([{ event: 'issue_comment', types: ['deleted'] }, { event: 'issues' }]);
      expect((await tell(comment(), event)).status).to.equal(202);
      expect(await asked()).to.deep.equal([]);
    });

    it('ask for nothing at a draft of a release, a tag that git does not allow, and comments of commits', async () => {
      const release = (more: object) => ({ action: 'created', release: { tag_name: 'v1', ...more } });
      const odd: [string, object][] = [
        ['release', release({ draft: true })],
        ...['', 'a..b', '-\n', 'v1 '].map((tag_name): [string, object] => ['release', release({ tag_name })]),
        ['issue_comment', { action: 'created', comment: { body: 'x' } }],
        ['issues', { action: 7, issue: {} }],
      ];
      for (const [of, payload] of odd) {
        expect((await tell(payload, { 'x-github-event': of })).status, JSON.stringify(payload)).to.equal(202);
        expect(await asked(), JSON.stringify(payload)).to.deep.equal([]);
      }
    });

    it('keep no more of a payload than there is room for', async () => {
      const long = 'x\0'.repeat(20_000);
      const list = Array.from({ length: 300 }, (_, number) => ({ number }));
      await tell(comment({ comment: { body: long, list }, other: long }), event);
      const [{ event: of } = { event: {} }] = await asked();
      const { payload } = of as { payload: { comment: { body: string; list: object[] } } };
      expect(payload.comment.body).to.equal('x'.repeat(5000));
      expect(payload.comment.list).to.have.length(100);
      expect(payload).to.not.have.property('other');
      const many = Array.from({ length: 50 }, () => 'y'.repeat(10_000));
      await tell(comment({ comment: { body: '', many } }), event);
      expect(await asked(), 'one that is too large even so').to.have.length(1);
    });

    it('of strangers wait in a limited number', async () => {
      const add = (id: number) =>
        requestEvent(site.context.database, name, { ref: null, event: { id }, isByStranger: true });
      for (let id = 0; id < 100; id++) expect(await add(id), `${id}`).to.equal(true);
      expect(await add(100)).to.equal(false);
      expect((await tell(comment(), event)).status).to.equal(202);
      expect(await asked()).to.have.length(100);
    });
  });

  it('have a secret that is answered with a token only and is not stored', async () => {
    expect((await site.fetch('/api/v1/repos/app/hook', { method: 'POST' })).status).to.equal(401);
    const rows = await site.context.database.db.selectFrom('repositories').selectAll().execute();
    expect(JSON.stringify(rows)).to.not.include(secret);
    expect(JSON.stringify(await site.json('/api/v1/repos'))).to.not.include(secret);
  });

  it('with a too large body are refused before the body is sent', async () => {
    const headers = { 'x-gitea-signature': code(), 'content-length': String(26 * 1024 * 1024) };
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const client = request(`${site.url}/hooks/app`, { method: 'POST', headers }, (answer) => {
        resolve(answer.resume().statusCode);
        client.on('error', () => undefined).destroy();
      });
      client.on('error', reject).flushHeaders();
    });
    expect(status).to.equal(413);
  });

  it('with an endless body are cut off', async () => {
    const headers = { 'x-gitea-signature': code(), 'transfer-encoding': 'chunked' };
    const end = await new Promise<unknown>((resolve) => {
      const client = request(`${site.url}/hooks/app`, { method: 'POST', headers }, (answer) => {
        resolve(answer.resume().statusCode);
        client.destroy();
      });
      // the answer may be lost when the connection ends while there is more to send
      client.on('error', () => resolve('ended'));
      const chunk = Buffer.alloc(1024 * 1024);
      const more = () => {
        while (!client.destroyed && client.write(chunk));
        if (!client.destroyed) client.once('drain', more);
      };
      more();
    });
    expect(end).to.be.oneOf([413, 'ended']);
  });

  it('that are called too often are refused for a while, each on its own', async () => {
    // on a slow machine the bucket fills meanwhile
    const answer = await until('a call that is refused', async () => {
      const calls = Array.from({ length: 8 }, () => call({ 'x-gitlab-token': secret }, ''));
      return (await Promise.all(calls)).find(({ status }) => status === 429);
    });
    expect((await bodyOf(answer)).error.code).to.equal('rate_limited');
    expect(answer.headers.get('retry-after')).to.equal('1');
    await site.repository('other');
    expect((await call({ 'x-gitlab-token': await secretOf('other') }, '', 'other')).status).to.equal(202);
  });

  it('with slow bodies have a share for each sender, and the oldest body is dropped for a new one', () => {
    const places = new BodySlots({ all: 3, share: 2 });
    const [first, second] = [places.take('a'), places.take('a')];
    expect(places.take('a')).to.equal(undefined);
    const other = places.take('b');
    expect(first?.lost.aborted).to.equal(false);
    expect(places.take('c')).to.not.equal(undefined);
    expect([first?.lost.aborted, second?.lost.aborted, other?.lost.aborted]).to.deep.equal([true, false, false]);
    first?.release();
    second?.release();
    expect(places.take('a')?.lost.aborted).to.equal(false);
    expect(other?.lost.aborted).to.equal(false);
  });

  it('are printed by the command line', async () => {
    const told = await volt(['repo', 'hook', 'app', '--data', site.context.config.dataDir]);
    expect(told.stdout, told.stderr)
      .to.include(`${site.url}/hooks/app`)
      .and.include(secret)
      .and.include(signingToken)
      .and.include('set VOLT_URL to its address');
    const elsewhere = await volt(['repo', 'hook', 'app', '--rotate', '--json', '--data', site.context.config.dataDir]);
    expect(JSON.parse(elsewhere.stdout).secret).to.not.equal(secret);
    const key = 'ASKEDFORATTHETERMINAL';
    await volt(['repo', 'hook', 'app', '--key', '--data', site.context.config.dataDir], { input: key });
    expect((await call({ 'x-pagure-signature-256': code(push, key) })).status).to.equal(202);
  });
});

describe('web: webhooks whose signatures cannot be checked', () => {
  let site: Site;
  let secretsKey: string;

  before(async () => {
    site = await Site.start();
    const { config, database, logger } = site.context;
    logger.silent = true;
    await site.repository('app');
    await ensureHook(database, config, 'app', { rotate: false, key: 'of-the-forge' });
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = String(privateKey.export({ type: 'pkcs1', format: 'pem' }));
    const app = { id: 7, key, webhookSecret: 'of-the-app' };
    await addForge(database, config, { name: 'hub', kind: 'github', createdBy: 'owner', app });
    secretsKey = dataPaths(config.dataDir).secretsKey;
    chmodSync(secretsKey, 0o644);
  });
  after(() => site.stop());

  async function answerTo(path: string, name: string): Promise<[number, string]> {
    const answer = await site.fetch(`${path}${name}`, {
      method: 'POST',
      headers: { 'x-gitlab-token': 'x' },
      body: '{}',
    });
    return [answer.status, (await answer.text()).replace(`of \\"${name}\\"`, 'of it')];
  }

  for (const [path, known] of [
    ['/hooks/', 'app'],
    ['/hooks/forges/', 'hub'],
  ] as const)
    it(`are answered at ${path} as those that do not exist, and Volt's key file is not mentioned`, async () => {
      const [status, text] = await answerTo(path, known);
      expect(status).to.equal(401);
      expect(text).to.include('of it').and.not.include(secretsKey).and.not.include('chmod');
      expect(await answerTo(path, 'nowhere')).to.deep.equal([status, text]);
    });

  it('use up the limit of their sender', async () => {
    await until('a call that is refused', async () => (await answerTo('/hooks/forges/', 'hub'))[0] === 429);
  });
});
