import { expect } from 'chai';
import { loadConfig } from '../../src/kernel/config.ts';
import { version } from '../../src/kernel/version.ts';
import { Queues } from '../../src/queues/queues.ts';
import { showStage } from '../../src/queues/stage.ts';
import { listStages } from '../../src/redis/membership.ts';
import { isSeenGone } from '../../src/redis/process.ts';
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
    const context = { config: loadConfig(), access, logger, queues: new Queues(access, logger) };
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
    expect(await listStages(access, 'dispatcher')).to.deep.equal({ alive: [], gone: [] });
  });
});
