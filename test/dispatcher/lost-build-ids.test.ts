import { expect } from 'chai';
import { skipLostBuildIds } from '../../src/dispatcher/lost-build-ids.ts';
import { routeBuild } from '../../src/dispatcher/route.ts';
import { highestBuild, noteBuild } from '../../src/redis/identity.ts';
import { keepLog } from '../support/logger.ts';
import { observed, recordedBuild } from '../support/record.ts';
import { TestVolt } from '../support/volt.ts';

describe('builds that the database lost when it was set back', () => {
  let volt: TestVolt;

  before(async () => {
    volt = await TestVolt.start();
    await observed(volt.context.database);
  });
  after(() => volt.stop());

  it('leave their ids unused', async () => {
    const { logger, lines } = keepLog();
    const context = { ...volt.context, logger };
    const known = Number(await recordedBuild(volt.context.database));
    await skipLostBuildIds(context);
    await noteBuild(volt.context.access, known);
    await skipLostBuildIds(context);
    expect(Number(await recordedBuild(volt.context.database)), 'nothing was forgotten').to.equal(known + 1);
    await noteBuild(volt.context.access, known + 5);
    await skipLostBuildIds(context);
    const next = Number(await recordedBuild(volt.context.database));
    expect(next).to.be.greaterThan(known + 5);
    await skipLostBuildIds(context);
    expect(Number(await recordedBuild(volt.context.database)), 'once').to.equal(next + 1);
    expect(lines.join('\n')).to.include(`its last build is ${known + 1}, but build ${known + 5} was already sent`);
  });

  it('are known by the messages that were sent, in any order', async () => {
    const { access, database } = volt.context;
    const [first, second] = [await recordedBuild(database), await recordedBuild(database)];
    await routeBuild(volt.context, second);
    await routeBuild(volt.context, first);
    await noteBuild(access, Number(first));
    expect(await highestBuild(access)).to.equal(Number(second));
  });
});
