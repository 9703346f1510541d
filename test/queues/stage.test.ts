import { expect } from 'chai';
import { loadConfig } from '../../src/kernel/config.ts';
import { version } from '../../src/kernel/version.ts';
import { Queues } from '../../src/queues/queues.ts';
import { showStage } from '../../src/queues/stage.ts';
import { listStages } from '../../src/redis/membership.ts';
import { isSeenGone } from '../../src/redis/process-identity.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { until } from '../support/until.ts';

describe('a stage', () => {
  let test: TestAccess;

  before(async () => {
    test = await startAccess();
  });

  after(() => test.stop());

  it('is shown as alive until it is stopped, beside others of its kind', async () => {
    const { access, logger } = test;
    const context = {
      config: loadConfig(),
      access,
      logger,
      queues: new Queues(access, logger),
      database: { location: 'here' },
    };
    const stages = [showStage(context, 'dispatcher'), showStage(context, 'dispatcher')];
    const alive = await until('both are shown', async () => {
      const list = await listStages(access, 'dispatcher');
      return list.alive.length === 2 && list.alive;
    });
    expect(new Set(alive.map(({ id }) => id)).size).to.equal(2);
    for (const member of alive) {
      expect(member.version).to.equal(version);
      expect(isSeenGone(member)).to.equal(false);
    }
    expect((await listStages(access, 'reporter')).alive).to.deep.equal([]);
    await stages[0]?.stop();
    expect((await listStages(access, 'dispatcher')).alive).to.have.length(1);
    await stages[1]?.stop();
    expect(await listStages(access, 'dispatcher')).to.deep.equal({ alive: [], gone: [], unreadable: [] });
  });

  it('reports its problems', async () => {
    const { access, logger } = test;
    const context = {
      config: loadConfig(),
      access,
      logger,
      queues: new Queues(access, logger),
      database: { location: 'here' },
    };
    const problem = { code: 'record_full', message: 'no room', remedy: 'make room' };
    const stage = showStage(context, 'reporter', () => [problem]);
    const [alive] = await until('it is shown', async () => {
      const list = await listStages(access, 'reporter');
      return list.alive.length > 0 && list.alive;
    });
    expect(alive?.problems).to.deep.equal([problem]);
    await stage.stop();
  });

  it('removes killed stages of its kind from the registry', async () => {
    const { access, logger } = test;
    const context = {
      config: loadConfig(),
      access,
      logger,
      queues: new Queues(access, logger),
      database: { location: 'here' },
    };
    await access.client.sadd(access.keys.members('observer'), 'killed-1', 'killed-2');
    const stage = showStage(context, 'observer');
    await until('they are off', async () => (await access.client.scard(access.keys.members('observer'))) === 1);
    await stage.stop();
  });
});
