import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import type { ForgeKind } from '../../src/kernel/forge-kinds.ts';
import { type BuildId, jobIdOf } from '../../src/kernel/model.ts';
import { listActions } from '../../src/record/audit-search.ts';
import { grantRole } from '../../src/record/grants.ts';
import { noteIdentity } from '../../src/record/identities.ts';
import { openTriggers } from '../../src/record/intents.ts';
import { setBlocked } from '../../src/record/people.ts';
import { newestBuildOf } from '../../src/record/pull-request-builds.ts';
import { commandIn } from '../../src/web/hooks/command.ts';
import { accountOf, type FakeComment, fakeComment } from '../support/fake-comments.ts';
import { checkedForge, FakeForge } from '../support/fake-forge.ts';
import { bodyOf, Site } from './site.ts';

describe('web: comments on pull requests', () => {
  let site: Site;
  let fake: FakeForge;
  let name: string;
  let secret: string;
  let count = 0;
  let build: BuildId;
  let head: string;

  before(async () => {
    site = await Site.start();
    site.context.logger.silent = true;
  });
  beforeEach(async () => {
    // commands of one repository are limited
    name = `app${++count}`;
    await site.repository(name, { pullRequests: 'approved' });
    ({ secret } = await bodyOf(await site.post(`/api/v1/repos/${name}/hook`, {})));
    await use('github');
    build = await site.askForBuild(name);
    ({ sha: head } = await site.json(`/api/v1/builds/${build}`));
  });
  afterEach(() => fake.stop());
  after(() => site.stop());

  async function use(kind: ForgeKind): Promise<void> {
    const { database, config } = site.context;
    await database.db.deleteFrom('forges').execute();
    fake = await FakeForge.start(kind);
    await checkedForge(database, config, fake, { repos: [`${name}=acme/app`] });
    fake.writers = ['ada'];
  }

  const post = (payload: object, headers: Record<string, string>, key = secret) => {
    const body = JSON.stringify(payload);
    const code = createHmac('sha256', key).update(body).digest('hex');
    return site.fetch(`/hooks/${name}`, {
      method: 'POST',
      headers: { 'x-hub-signature-256': `sha256=${code}`, ...headers },
      body,
    });
  };
  /** The call of GitHub about a comment. */
  const called = ({ id, number, text, author }: FakeComment, action = 'created') => ({
    ...{ action, issue: { number, pull_request: {} } },
    comment: { id, body: text, user: { login: author } },
  });
  const event = { 'x-github-event': 'issue_comment' };
  /** Somebody writes a comment, which the forge shows, and of which it tells Volt. */
  async function say(text: string, parts: Partial<FakeComment> = {}): Promise<FakeComment> {
    const comment = fakeComment({ text, ...parts });
    fake.comments = [comment];
    expect((await post(called(comment), event)).status).to.equal(202);
    return comment;
  }
  const decision = async (id = build) => (await site.json(`/api/v1/builds/${id}`)).approval;
  const retries = async () => {
    const rows = await site.context.database.db.selectFrom('intents').selectAll().where('repo', '=', name).execute();
    return rows.filter(({ kind }) => kind === 'retry').map(({ build_id }) => String(build_id));
  };
  const audited = async () => {
    const [last] = await listActions(site.context.database, { limit: 1 });
    return [last?.actor, last?.action, last?.target, last?.status];
  };

  it('approve the head that they name, by somebody who may write to the repository', async () => {
    await say(`/volt approve ${head}`);
    expect(await decision()).to.include({ decision: 'approved', by: 'ada at hub' });
    expect(await audited()).to.deep.equal(['ada at hub', 'builds.approve', build, 202]);
    expect(fake.answers).to.deep.equal([]);
  });

  it('approve nothing where they name another head, an earlier one or one of another pull request', async () => {
    const other = await site.askForBuild(name, {}, 8);
    const { sha: otherHead } = await site.json(`/api/v1/builds/${other}`);
    await say(`/volt approve ${'f'.repeat(40)}`);
    await say(`/volt approve ${otherHead}`);
    expect(fake.answers.at(-1)).to.deep.equal({
      number: 7,
      text: `Volt: nothing was approved. ${head} waits for approval, and not ${otherHead}.`,
    });
    const newer = await site.askForBuild(name);
    await say(`/volt approve ${head}`);
    for (const id of [build, other, newer]) expect(await decision(id), id).to.include({ decision: null });
    expect(await audited()).to.deep.equal(['ada at hub', 'builds.approve', newer, 409]);
  });

  it('do nothing for somebody who may only read, and give no answer', async () => {
    await say(`/volt approve ${head}`, { author: 'reader' });
    await say('/volt retry', { author: 'reader' });
    expect(await decision()).to.include({ decision: null });
    expect(await retries()).to.deep.equal([]);
    expect(fake.answers).to.deep.equal([]);
    expect(await audited()).to.deep.equal(['reader at hub', 'builds.retry', `${name}, pull request 7`, 403]);
  });

  it('by an account with which a person signs in count by the roles of the person, whatever the forge allows', async () => {
    const { database } = site.context;
    const provider = {
      name: 'hub',
      kind: 'github',
      title: 'GitHub',
      url: fake.url,
      client_id: 'volt',
      scopes: '',
    } as const;
    const rest = { client_secret: null, key_id: null, groups_claim: null, created_by: 'owner', created_at: 1 };
    await database.db
      .insertInto('providers')
      .values({ ...provider, ...rest })
      .execute();
    for (const login of ['ada', 'reader']) {
      const of = { provider: 'hub', issuer: fake.url, subject: String(accountOf(login).id) };
      await noteIdentity(database, site.context.config, {
        ...of,
        login,
        displayName: login,
        groups: [],
        addresses: [],
      });
    }
    await grantRole(database, { who: 'reader', role: 'run', repos: [name] }, 'owner');
    // who may write at the forge, and has no role here
    await say(`/volt approve ${head}`);
    expect(await audited()).to.deep.equal(['ada', 'builds.approve', `${name}, pull request 7`, 403]);
    await say(`/volt approve ${head}`, { author: 'reader' });
    expect(await decision()).to.include({ decision: null });
    await grantRole(database, { who: 'reader', role: 'approve', repos: [name] }, 'owner');
    await say(`/volt approve ${head}`, { author: 'reader', id: 3_000_000_002 });
    expect(await decision()).to.include({ decision: 'approved', by: 'reader' });
    await setBlocked(database, 'reader', true);
    await say('/volt retry', { author: 'reader' });
    expect(await audited()).to.deep.equal(['reader', 'builds.retry', `${name}, pull request 7`, 403]);
    expect(fake.answers).to.deep.equal([]);
    await database.db.deleteFrom('providers').execute();
  });

  it('count as the forge shows them, whatever the call says', async () => {
    const command = `/volt approve ${head}`;
    const said = fakeComment({ text: command });
    const now = said.createdAt;
    const shown: [string, FakeComment[]][] = [
      ['nothing', []],
      ['by somebody else', [{ ...said, author: 'reader' }]],
      ['with another text', [{ ...said, text: 'What does `/volt approve` do?' }]],
      ['on another pull request', [{ ...said, number: 8 }]],
      ['edited', [{ ...said, updatedAt: now + 60_000 }]],
      ['old', [{ ...said, createdAt: now - 7_200_000, updatedAt: now - 7_200_000 }]],
    ];
    for (const [what, comments] of shown) {
      fake.comments = comments;
      await site.context.access.client.flushall();
      await post(called(said), event);
      expect(await decision(), what).to.include({ decision: null });
    }
    fake.comments = [said];
    for (const action of ['edited', 'deleted']) await post(called(said, action), event);
    await post({ ...called(said), issue: { number: 7 } }, event);
    expect((await post(called(said), event, 'another secret')).status).to.equal(401);
    expect(await decision()).to.include({ decision: null });
    await site.context.access.client.flushall();
    await post(called(said), event);
    expect(await decision()).to.include({ decision: 'approved' });
  });

  it('are done once, however often their call is repeated', async () => {
    await site.finish(...(await failed()));
    const comment = await say('/volt retry');
    for (let times = 0; times < 3; times++) await post(called(comment), { ...event, 'x-github-delivery': `${times}` });
    expect(await retries()).to.have.length(1);
  });

  it('that the record has failed to note start the workflows that wait for comments once, when the forge calls again', async () => {
    const { db } = site.context.database;
    const awaited = JSON.stringify([{ event: 'issue_comment' }]);
    await db.updateTable('repositories').set({ awaited }).where('name', '=', name).execute();
    const comment = fakeComment({ text: '/volt retry', author: 'reader' });
    fake.comments = [comment];
    await db.schema.alterTable('audit').renameTo('audit_away').execute();
    try {
      expect((await post(called(comment), event)).status).to.be.at.least(500);
    } finally {
      await db.schema.alterTable('audit_away').renameTo('audit').execute();
    }
    expect((await post(called(comment), event)).status).to.equal(202);
    expect(await openTriggers(site.context.database, name)).to.have.length(1);
  });

  /** A newer build of the pull request, whose job is about to fail. */
  async function failed() {
    const newer = await site.build(name, { ref: 'refs/pull/7/head', pullRequest: pullRequestOf(7) });
    const ref = { job: jobIdOf(newer, 1), attempt: 1 };
    await site.begin(ref);
    return [ref, { status: 'failure', reason: 'exit_code', message: 'exit code 1' }] as const;
  }
  const pullRequestOf = (number: number) => ({
    ...{ number, headRef: null, baseRef: 'main', base: 'b'.repeat(40), merge: 'c'.repeat(40), same: false },
  });

  it('run what has failed of the newest build again', async () => {
    const [ref, outcome] = await failed();
    await say('/volt retry');
    expect(fake.answers.at(-1)?.text).to.match(/^Volt: build \d+ is still open: test /);
    await site.finish(ref, outcome);
    await say(' /volt  retry\n', { id: 2 });
    const newest = await newestBuildOf(site.context.database, name, 7);
    expect(await retries()).to.deep.equal([newest]);
    expect(await audited()).to.deep.equal(['ada at hub', 'builds.retry', newest, 202]);
  });

  it('tell somebody who may write how commands are written', async () => {
    for (const text of ['/volt', '/volt approve', `/volt approve ${head.slice(0, 12)}`, '/volt decline'])
      await say(text, { id: text.length });
    expect(fake.answers.map(({ text }) => text.slice(0, 22))).to.deep.equal(Array(4).fill('Volt: the commands are'));
    expect(await decision()).to.include({ decision: null });
    expect(commandIn(fake.answers[0]?.text ?? '')).to.equal(undefined);
  });

  it('cost a forge a few requests only', async () => {
    for (let id = 1; id <= 14; id++) await say('/volt nonsense', { id, author: 'reader' });
    const read = fake.requests.filter(({ path }) => path.includes('/issues/comments/'));
    expect(read).to.have.length(10);
  });

  it('are passed over where the forge is away, refuses, is not checked, or does not tell who may write', async () => {
    for (const fault of [{ status: 500 }, { status: 403 }, { status: 429 }]) {
      fake.fault = () => fault;
      await say(`/volt approve ${head}`, { id: fault.status });
    }
    fake.fault = ({ path }) => (path.endsWith('/permission') ? { status: 403 } : undefined);
    await say(`/volt approve ${head}`);
    fake.fault = () => undefined;
    await site.context.database.db.updateTable('forges').set({ checked_at: null }).execute();
    await say(`/volt approve ${head}`, { id: 2 });
    expect(await decision()).to.include({ decision: null });
  });

  const forges: [ForgeKind, Record<string, string>, (comment: FakeComment) => object][] = [
    ['gitea', { 'x-gitea-event': 'issue_comment', 'x-gitea-event-type': 'pull_request_comment' }, (own) => called(own)],
    [
      'gitlab',
      { 'x-gitlab-event': 'Note Hook' },
      ({ id, number, text }) => ({
        ...{ object_kind: 'note', user: { username: 'ada' }, merge_request: { iid: number } },
        object_attributes: { id, note: text, noteable_type: 'MergeRequest', action: 'create', system: false },
      }),
    ],
    [
      'bitbucket',
      { 'x-event-key': 'pullrequest:comment_created' },
      ({ id, number, text }) => ({ pullrequest: { id: number }, comment: { id, content: { raw: text } } }),
    ],
    [
      'bitbucket-dc',
      { 'x-event-key': 'pr:comment:added' },
      ({ id, number, text }) => ({
        ...{ eventKey: 'pr:comment:added', pullRequest: { id: number }, comment: { id, text } },
      }),
    ],
    [
      'pagure',
      { 'x-pagure-topic': 'pull-request.comment.added' },
      ({ id, number, text }) => ({
        topic: 'pull-request.comment.added',
        msg: {
          agent: 'ada',
          pullrequest: {
            id: number,
            comments: [
              { id: 1, comment: 'x' },
              { id, comment: text },
            ],
          },
        },
      }),
    ],
  ];
  for (const [kind, headers, payload] of forges) {
    it(`approve a head at ${kind}, too`, async () => {
      await fake.stop();
      await use(kind);
      const comment = fakeComment({ text: `/volt approve ${head}` });
      fake.comments = [comment];
      expect((await post(payload(comment), headers)).status).to.equal(202);
      expect(await decision()).to.include({ decision: 'approved', by: 'ada at hub' });
    });
  }
});

describe('a command in a comment', () => {
  const head = 'a1b2c3d4'.repeat(5);

  it('is the whole comment', () => {
    expect(commandIn(`/volt approve ${head}`)).to.deep.equal({ name: 'approve', head });
    expect(commandIn(`\n  /volt   approve\t${head.toUpperCase()} \r\n`)).to.deep.equal({ name: 'approve', head });
    expect(commandIn('/volt retry')).to.deep.equal({ name: 'retry' });
    const none = [
      `> /volt approve ${head}`,
      `Please write\n/volt approve ${head}`,
      `/volt approve ${head}\n\nLooks good`,
      `/volt approve ${head}\n/volt retry`,
      `\`/volt approve ${head}\``,
      `<!-- /volt approve ${head} -->`,
      `/voltage approve ${head}`,
      `/volt approve ${head}${' '.repeat(1000)}`,
      '',
    ];
    for (const text of none) expect(commandIn(text), text).to.equal(undefined);
  });

  it('has all digits of a commit, since the first ones can be chosen', () => {
    const wrong = ['approve', 'approve HEAD', `approve ${head.slice(0, 39)}`, `approve ${head} ${head}`, 'retry now'];
    for (const text of wrong) expect(commandIn(`/volt ${text}`), text).to.deep.equal({ name: 'unknown' });
    expect(commandIn(`/volt approve ${'a'.repeat(64)}`)).to.deep.equal({ name: 'approve', head: 'a'.repeat(64) });
  });
});
