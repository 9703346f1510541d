import { expect } from 'chai';
import { levelMeaning, levelName, settleIsolation } from '../../src/exec/isolation-check.ts';
import { isIsolable } from '../support/isolation.ts';

describe('the isolation "container"', () => {
  it('has the best level that works here around the containers, and says so', async () => {
    const settled = await settleIsolation('container');
    const isRoot = process.getuid?.() === 0;
    const best = (await isIsolable('sandbox')) ? 'sandbox' : isRoot && (await isIsolable('user')) ? 'user' : 'none';
    expect(settled).to.include({ inContainers: true, isUnasked: false, level: best });
    expect(levelName(settled)).to.equal('container');
    expect(levelMeaning(settled)).to.match(new RegExp(`^each job runs in a container .* has the isolation ${best}$`));
  });

  it('is that of no job at another level', async () => {
    const settled = await settleIsolation('none');
    expect(settled.inContainers).to.equal(false);
    expect(levelName(settled)).to.equal('none');
  });
});
