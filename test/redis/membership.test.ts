import { expect } from 'chai';
import { heartbeatInterval, heartbeatTtl } from '../../src/redis/heartbeat-times.ts';
import { leave, listRunners, listStages, type StageMember, writeHeartbeat } from '../../src/redis/membership.ts';
import { ownProcess } from '../../src/redis/process-identity.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { runnerMember } from '../support/members.ts';
import { until } from '../support/until.ts';

function stage(id: string): StageMember {
  const now = new Date().toISOString();
  return { ...ownProcess(), id, version: '0.1.0', startedAt: now, heartbeatAt: now, problems: [] };
}

const runner = (id: string) => runnerMember(id, { name: id, running: ['1-1.1'], scopes: [ownProcess()], load: 0.5 });

describe('members', () => {
  let test: TestAccess;

  before(async () => {
    test = await startAccess();
  });

  beforeEach(() => test.access.client.flushall());

  after(() => test.stop());

  it('are listed with all fields', async () => {
    const members = [runner('a~1'), runner('b~1')];
    for (const member of members) await writeHeartbeat(test.access, 'runner', member);
    expect(await listRunners(await test.another())).to.deep.equal({ alive: members, gone: [], unreadable: [] });
  });

  it('have the content of their last heartbeat', async () => {
    await writeHeartbeat(test.access, 'runner', runner('a~1'));
    await writeHeartbeat(test.access, 'runner', { ...runner('a~1'), running: [] });
    const { alive } = await listRunners(test.access);
    expect(alive.map(({ running }) => running)).to.deep.equal([[]]);
  });

  it('are gone one TTL after the last heartbeat, and not before', async () => {
    const { client, keys } = test.access;
    await writeHeartbeat(test.access, 'runner', runner('a~1'));
    await writeHeartbeat(test.access, 'runner', runner('b~1'));
    const key = keys.member('runner', 'a~1');
    expect(await client.pttl(key)).to.be.within(1, heartbeatTtl);
    // the rest of the time passes at once
    await client.pexpire(key, 1);
    const { alive } = await until('its key has expired', async () => {
      const list = await listRunners(test.access);
      return list.gone.length > 0 && list;
    });
    expect(alive.map(({ id }) => id)).to.deep.equal(['b~1']);
  });

  it('renew the whole TTL with a heartbeat', async () => {
    const { client, keys } = test.access;
    await writeHeartbeat(test.access, 'runner', runner('a~1'));
    await client.pexpire(keys.member('runner', 'a~1'), 1000);
    await writeHeartbeat(test.access, 'runner', runner('a~1'));
    expect(await client.pttl(keys.member('runner', 'a~1'))).to.be.above(1000);
  });

  it('have time for several heartbeats within one TTL', () => {
    expect(heartbeatTtl).to.be.at.least(3 * heartbeatInterval);
  });

  it('are neither alive nor gone after they leave', async () => {
    await writeHeartbeat(test.access, 'runner', runner('a~1'));
    await leave(test.access, 'runner', 'a~1');
    expect(await listRunners(test.access)).to.deep.equal({ alive: [], gone: [], unreadable: [] });
    expect(await test.access.client.keys('*')).to.deep.equal([]);
  });

  it('are listed by kind', async () => {
    await writeHeartbeat(test.access, 'dispatcher', stage('one'));
    await writeHeartbeat(test.access, 'reporter', stage('one'));
    await leave(test.access, 'reporter', 'one');
    expect((await listStages(test.access, 'dispatcher')).alive.map(({ id }) => id)).to.deep.equal(['one']);
    expect(await listStages(test.access, 'reporter')).to.deep.equal({ alive: [], gone: [], unreadable: [] });
    expect(await listRunners(test.access)).to.deep.equal({ alive: [], gone: [], unreadable: [] });
  });

  it('of another version in an unknown form are left out without an error', async () => {
    const { client, keys } = test.access;
    await writeHeartbeat(test.access, 'runner', runner('a~1'));
    for (const [id, text] of [
      ['b~1', '{"id":"b~1"}'],
      ['c~1', 'not json'],
    ] as const) {
      await client.sadd(keys.members('runner'), id);
      await client.set(keys.member('runner', id), text);
    }
    const { alive, gone } = await listRunners(test.access);
    expect(alive.map(({ id }) => id)).to.deep.equal(['a~1']);
    expect(gone).to.deep.equal([]);
  });

  it('with unknown fields are listed', async () => {
    const more = { ...runner('a~1'), colour: 'blue' };
    await writeHeartbeat(test.access, 'runner', more);
    expect((await listRunners(test.access)).alive).to.deep.equal(
      [runner('a~1')].map((member) => ({ ...member, startedAt: more.startedAt, heartbeatAt: more.heartbeatAt })),
    );
  });
});
