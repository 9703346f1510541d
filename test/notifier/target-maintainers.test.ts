import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import type { Database } from '../../src/record/database.ts';
import { grantRole, revokeRole } from '../../src/record/grants.ts';
import { noteIdentity } from '../../src/record/identities.ts';
import { addTargetMaintainers } from '../../src/record/notice-tables.ts';
import {
  changeNoticeTarget,
  findNoticeTarget,
  listNoticeTargets,
  type NewNoticeTarget,
} from '../../src/record/notice-targets.ts';
import { setBlocked } from '../../src/record/people.ts';
import { removePerson } from '../../src/record/people-admin.ts';
import type { MaintainerId } from '../../src/record/target-maintainers.ts';
import { addToken, removeToken } from '../../src/record/tokens.ts';
import { NoticeReceiver } from '../support/notice-receiver.ts';
import { Noticing } from '../support/noticing.ts';
import { withRecord } from '../support/record.ts';

describe('a target of notices that an owner of repositories has added', () => {
  let database: Database;
  let config: Config;
  let receiver: NoticeReceiver;
  let noticing: Noticing;
  withRecord(
    (opened, dataDir) => {
      database = opened;
      config = loadConfig({ dataDir, logLevel: 'error' });
      noticing = new Noticing({ database, config });
    },
    { repositories: ['app', 'lib'] },
  );
  beforeEach(async () => {
    receiver = await NoticeReceiver.start();
    await database.db.updateTable('repositories').set({ default_branch: 'main', visibility: 'private' }).execute();
    for (const repo of ['app', 'lib']) await noticing.end('success', { repo });
  });
  afterEach(() => receiver.stop());

  const signIn = async (login: string, groups: string[] = []) => {
    const identity = { provider: 'corp', issuer: 'https://id.example', subject: login, login, displayName: login };
    return { person: (await noteIdentity(database, { groupDays: 30 }, { ...identity, groups, addresses: [] })).id };
  };
  const own = (who: string, repos: string[]) => grantRole(database, { who, role: 'own', repos }, 'owner');
  const add = (maintainer: MaintainerId, change: Partial<NewNoticeTarget> = {}) =>
    noticing.add(`${receiver.url}/hook`, { repos: ['app'], on: 'all', createdBy: 'ada', maintainer, ...change });
  /** What became of a notice about a repository: sent, or why not. */
  const outcome = async (repo = 'app') => {
    await noticing.end('failure', { repo });
    await noticing.deliver();
    return (await noticing.log()).at(-1)?.replace(/^team \w+ /, '');
  };
  const lost = (repo = 'app', who = 'ada') =>
    `dropped ${who} does not own ${repo} any more; an owner takes the target over by testing or changing it`;
  const problem = async () => (await findNoticeTarget(database, 'team')).problem?.code;

  it('sends nothing from when the role is taken away on, says why, and sends again when it is given back', async () => {
    await add(await signIn('ada'));
    await own('ada', ['app']);
    expect([await outcome(), await problem()]).to.deep.equal(['sent', undefined]);
    await revokeRole(database, { who: 'ada' });
    expect([await outcome(), await problem()]).to.deep.equal([lost(), 'target_unowned']);
    await grantRole(database, { who: 'ada', role: 'approve', repos: ['app'] }, 'owner');
    expect(await outcome()).to.equal(lost());
    await own('ada', ['a*']);
    expect([await outcome(), await problem()]).to.deep.equal(['sent', undefined]);
    expect(receiver.received).to.have.length(2);
  });

  it('does not send what has waited since before the role was taken away', async () => {
    await add(await signIn('ada'));
    await own('ada', ['app']);
    receiver.answer = { status: 503 };
    await outcome();
    await revokeRole(database, { who: 'ada' });
    receiver.answer = { status: 200 };
    await noticing.later();
    await noticing.deliver();
    expect(await noticing.log()).to.deep.equal([`team broken ${lost()}`]);
    expect(receiver.received).to.have.length(1);
  });

  it('stops when its person is blocked, leaves the group that had the role, or is removed', async () => {
    await add(await signIn('ada', ['dev']));
    await own('group:corp/dev', ['app']);
    expect(await outcome()).to.equal('sent');
    await setBlocked(database, 'ada', true);
    expect(await outcome()).to.equal(lost());
    await setBlocked(database, 'ada', false);
    expect(await outcome()).to.equal('sent');
    await signIn('ada', []);
    expect(await outcome()).to.equal(lost());
    await signIn('ada', ['dev']);
    expect(await outcome()).to.equal('sent');
    await removePerson(database, 'ada');
    await signIn('ada', ['dev']);
    expect(await outcome()).to.equal(lost());
  });

  it('stops when the token that has added it is revoked', async () => {
    const { id } = await addToken(database, {
      ...{ name: 'robot', role: 'own', repos: ['app'], person: 'robot', createdBy: 'owner' },
    });
    await add({ token: id }, { createdBy: 'robot' });
    expect(await outcome()).to.equal('sent');
    await removeToken(database, 'robot');
    expect([await outcome(), await problem()]).to.deep.equal([lost('app', 'robot'), 'target_unowned']);
  });

  it('goes on with the repositories that its person still owns, in digests, too', async () => {
    await add(await signIn('ada'), { repos: ['app', 'lib'], options: { digest: '09:00' } });
    await own('ada', ['app', 'lib']);
    await revokeRole(database, { who: 'ada', repos: ['lib'] });
    expect([await outcome('app'), await outcome('lib')]).to.deep.equal(['sent', lost('lib')]);
    expect(await problem()).to.equal('target_unowned');
    const branch = { ref: 'refs/heads/main', sha: 'a'.repeat(40), generation: 0, moved_at: 1, absent: 0 };
    await database.db
      .insertInto('cursors')
      .values(['app', 'lib'].map((repo) => ({ repo, ...branch })))
      .execute();
    await database.db.updateTable('notice_targets').set({ digest_at: 1 }).execute();
    await noticing.deliver();
    const digest = receiver.bodies.at(-1) as { type: string; data: { lines: string[] } };
    expect(digest.type).to.equal('digest');
    expect(digest.data.lines).to.have.length(1);
    expect(digest.data.lines[0]).to.match(/^main of app,/);
  });

  it('is that of an administrator, whom it does not depend on, once it has an address of theirs', async () => {
    const ada = await signIn('ada');
    await add(ada);
    await own('ada', ['app']);
    await changeNoticeTarget(database, config, 'team', { by: null, options: { digest: '09:00' } });
    expect((await findNoticeTarget(database, 'team')).maintainer).to.equal('ada');
    const to = `${receiver.url}/other`;
    await changeNoticeTarget(database, config, 'team', { by: null, address: { to }, shown: to });
    await revokeRole(database, { who: 'ada' });
    expect([await outcome(), await problem()]).to.deep.equal(['sent', undefined]);
  });

  it('is taken over by whoever changes it after that, and by nobody before', async () => {
    await add(await signIn('ada'));
    const bob = await signIn('bob');
    await own('ada', ['app']);
    await own('bob', ['app']);
    const change = () => changeNoticeTarget(database, config, 'team', { by: bob, branches: ['main'] });
    expect((await change()).maintainer).to.equal('ada');
    await revokeRole(database, { who: 'ada' });
    expect(await outcome()).to.equal(lost());
    expect(await change()).to.include({ maintainer: 'bob', problem: null });
    expect(await outcome()).to.equal('sent');
  });

  it('of administrators depends on an owner who has it hear of a further repository', async () => {
    await add(null, { createdBy: 'owner' });
    const bob = await signIn('bob');
    await own('bob', ['app', 'lib']);
    const change = (repos: string[]) => changeNoticeTarget(database, config, 'team', { by: bob, repos });
    expect((await change(['app'])).maintainer).to.equal(null);
    expect((await change(['app', 'lib'])).maintainer).to.equal('bob');
    expect(await outcome('lib')).to.equal('sent');
    await revokeRole(database, { who: 'bob' });
    expect(await outcome('lib')).to.equal(lost('lib', 'bob'));
  });

  it('before Volt knew that depends on whoever is named for it, if it is not one that only administrators add', async () => {
    await signIn('ada');
    await add(null, { name: 'some' });
    await add(null, { name: 'all', repos: [] });
    await add(null, { name: 'audit', on: 'audit' });
    await add(null, { name: 'first', createdBy: 'owner' });
    await database.write(async (db) => {
      for (const column of ['person_id', 'token_id'])
        await db.schema.alterTable('notice_targets').dropColumn(column).execute();
      await addTargetMaintainers(db);
    });
    const targets = await listNoticeTargets(database);
    expect(Object.fromEntries(targets.map(({ name, maintainer }) => [name, maintainer]))).to.deep.equal({
      ...{ some: 'ada', all: null, audit: null, first: null },
    });
  });
});
