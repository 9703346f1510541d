import { expect } from 'chai';
import { forgeAt } from '../../src/forge/kinds.ts';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import type { ForgeKind } from '../../src/kernel/forge-kinds.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { StatusDelivery } from '../../src/notifier/status-delivery.ts';
import type { Database } from '../../src/record/database.ts';
import { refusedStatuses } from '../../src/record/due-statuses.ts';
import { changeForge, forgeWithToken, listForges, noteChecked } from '../../src/record/forges.ts';
import { administrator } from '../../src/record/visibility.ts';
import { checkedForge, FakeForge } from '../support/fake-forge.ts';
import { finishedBuild } from '../support/finished-build.ts';
import { recordedBuild, withRecord } from '../support/record.ts';

const sha = 'c'.repeat(40);

describe('the delivery of statuses to a forge', () => {
  let database: Database;
  let config: Config;
  let fake: FakeForge;
  withRecord((opened, dataDir) => {
    database = opened;
    config = loadConfig({ dataDir, logLevel: 'error' });
  });
  /** milliseconds that the forge has for an answer */
  let patience: number;
  beforeEach(() => {
    patience = 10_000;
  });
  afterEach(() => fake.stop());

  const add = async (kind: ForgeKind = 'github', name = 'hub') => {
    fake = await FakeForge.start(kind);
    await checkedForge(database, config, fake, { name });
  };
  const delivery = (holder = 'one') =>
    new StatusDelivery(
      {
        ...{ config, database, holder, logger: createLogger('error'), site: () => 'https://ci.example.org' },
        connect: (access) => forgeAt(access, patience),
      },
      'hub',
    );
  const deliver = (one = delivery()) => one.deliver(new AbortController().signal);
  /** Lets everything be due that waits. */
  const later = () =>
    database.db.updateTable('commit_statuses').set({ due_at: 1 }).where('due_at', 'is not', null).execute();
  const waiting = async () => (await listForges(database))[0]?.waiting;
  const problem = async () => (await listForges(database))[0]?.problem?.code;

  it('sends the newest status of each commit, once, with a link to the build', async () => {
    await add();
    const build = await recordedBuild(database, { sha });
    await deliver();
    expect(fake.newest(sha)).to.include({ state: 'pending', url: `https://ci.example.org/builds/${build}` });
    const other = await finishedBuild(database, 0, { sha: 'd'.repeat(40) });
    await deliver();
    expect(fake.newest('d'.repeat(40))).to.include({ state: 'success', url: `https://ci.example.org/builds/${other}` });
    await deliver();
    expect(fake.sent).to.have.length(2);
    expect(await waiting()).to.equal(0);
  });

  it('sends nothing to a forge that was not checked with its token', async () => {
    await add();
    await changeForge(database, config, 'hub', { token: 'another' });
    await recordedBuild(database, { sha });
    await deliver();
    expect(fake.requests).to.deep.equal([]);
  });

  it('sends a status again that was sent but not noted, which changes nothing', async () => {
    await add();
    await finishedBuild(database, 0, { sha });
    const before = await database.db.selectFrom('commit_statuses').selectAll().executeTakeFirstOrThrow();
    await deliver();
    // as after a kill between both
    await database.db.updateTable('commit_statuses').set({ sent: before.sent, shown: null, due_at: 1 }).execute();
    await database.db.updateTable('forges').set({ held_until: 0 }).execute();
    await deliver(delivery('two'));
    expect(fake.sent).to.have.length(2);
    expect(fake.shown(sha)).to.deep.equal({ 'volt/push': 'success' });
  });

  it('leaves a forge to the notifier that has it', async () => {
    await add();
    await recordedBuild(database, { sha });
    await deliver();
    await finishedBuild(database, 0, { sha: 'd'.repeat(40) });
    await deliver(delivery('two'));
    expect(fake.sent).to.have.length(1);
  });

  for (const [what, fault] of [
    ['fails', { status: 500 }],
    ['refuses the token', { status: 401, body: { message: 'Bad credentials' } }],
    ['limits requests', { status: 429, headers: { 'retry-after': '1' } }],
    ['hangs', 'hang'],
  ] as const) {
    it(`pauses where a forge ${what}, says so, and then sends the last status only`, async () => {
      await add();
      await recordedBuild(database, { sha });
      fake.fault = () => fault;
      patience = 200;
      const one = delivery();
      await deliver(one);
      patience = 10_000;
      await recordedBuild(database, { sha: 'd'.repeat(40) });
      await deliver(one);
      // the second one waits with the first
      expect(fake.sent).to.have.length(1);
      expect(await problem()).to.match(/^forge_/);
      expect(await waiting()).to.equal(2);
      const build = await finishedBuild(database, 0, { sha });
      fake.fault = () => undefined;
      await later();
      // a new notifier knows nothing of the pause
      await database.db.updateTable('forges').set({ held_until: 0 }).execute();
      await deliver(delivery('two'));
      expect(fake.rows.filter((row) => row.sha === sha)).to.have.length(1);
      expect(fake.newest(sha)).to.include({ state: 'success', url: `https://ci.example.org/builds/${build}` });
      expect(await problem()).to.equal(undefined);
      expect(await waiting()).to.equal(0);
    });
  }

  it('ends a pause at once when the forge gets a new token', async () => {
    await add();
    await recordedBuild(database, { sha });
    fake.token = 'new-token';
    const one = delivery();
    await deliver(one);
    await changeForge(database, config, 'hub', { token: 'new-token' });
    await noteChecked(database, config, await forgeWithToken(database, config, 'hub'));
    await deliver(one);
    expect(fake.shown(sha)).to.deep.equal({ 'volt/push': 'pending' });
    expect(await problem()).to.equal(undefined);
  });

  it('lets a refused repository hold up no other one, and says what the token needs', async () => {
    await add();
    await recordedBuild(database, { sha });
    fake.projects = [];
    fake.readOnly = ['acme/app'];
    await deliver();
    expect(await problem()).to.equal(undefined);
    const [refused] = await refusedStatuses(database, administrator);
    expect(refused).to.include({ repo: 'app', forge: 'hub', code: 'forge_refused' });
    expect(refused?.remedy).to.include('statuses=write');
    fake.projects = ['acme/app'];
    await later();
    await deliver();
    expect(fake.shown(sha)).to.deep.equal({ 'volt/push': 'pending' });
    expect(await refusedStatuses(database, administrator)).to.deep.equal([]);
  });

  it('tries one status of a refused repository for all of them, and sends the others when it may', async () => {
    await add('gitea');
    const commits = ['a', 'b', 'd'].map((digit) => digit.repeat(40));
    for (const commit of commits) await recordedBuild(database, { sha: commit });
    fake.projects = [];
    const one = delivery();
    await deliver(one);
    expect(fake.sent).to.have.length(1);
    fake.projects = ['acme/app'];
    await database.db
      .updateTable('commit_statuses')
      .set({ due_at: 1 })
      .where('sha', '=', commits[0] ?? '')
      .execute();
    await deliver(one);
    for (const commit of commits) expect(fake.shown(commit)).to.deep.equal({ 'volt/push': 'pending' });
    expect(fake.sent).to.have.length(4);
  });

  it('gives up a commit that the forge does not have, after some tries', async () => {
    await add();
    await recordedBuild(database, { sha });
    fake.missing = [sha];
    for (let tries = 0; tries < 10; tries++) {
      await deliver();
      await later();
    }
    expect(fake.sent).to.have.length(8);
    expect(await waiting()).to.equal(0);
  });

  for (const kind of ['github', 'gitea', 'gitlab'] as const) {
    it(`sends a final status again that ${kind} has accepted and lost`, async () => {
      await add(kind);
      fake.fault = ({ method }) => (method === 'POST' ? 'lose' : undefined);
      await finishedBuild(database, 0, { sha });
      await deliver();
      expect(fake.shown(sha)).to.deep.equal({});
      fake.fault = () => undefined;
      await later();
      await deliver();
      expect(fake.shown(sha)).to.deep.equal({ 'volt/push': 'success' });
      await later();
      await deliver();
      expect(fake.sent).to.have.length(2);
    });
  }

  it('stops sending a status that the forge never keeps', async () => {
    await add();
    fake.fault = ({ method }) => (method === 'POST' ? 'lose' : undefined);
    await finishedBuild(database, 0, { sha });
    for (let tries = 0; tries < 8; tries++) {
      await deliver();
      await later();
    }
    expect(fake.sent).to.have.length(4);
  });
});
