import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { BridgeHold } from '../../../src/exec/network/bridge-hold.ts';
import { programPath } from '../../../src/exec/programs.ts';

describe('the hold of a bridge', () => {
  const bridge = 'volt_test_hold';
  let hold: BridgeHold | undefined;
  beforeEach(async function () {
    if (process.getuid?.() !== 0) return this.skip();
    hold = await BridgeHold.make(bridge);
  });
  afterEach(() => hold?.remove());

  /** Whether the rules let the address through. */
  const isReady = (address: string) => {
    const table = `volt_hold_${process.pid}_${bridge}`;
    const set = execFileSync(programPath('nft'), ['list', 'set', 'inet', table, 'ready'], { encoding: 'utf8' });
    return new RegExp(`\\b${address.replaceAll('.', '\\.')}\\b`).test(set);
  };

  it('holds a container that gets the address of one that has ended', async () => {
    let isAlive = true;
    await hold?.admit('10.98.0.2', () => isAlive);
    await hold?.admit('10.98.0.3', () => true);
    await hold?.dropEnded();
    expect([isReady('10.98.0.2'), isReady('10.98.0.3')]).to.deep.equal([true, true]);
    isAlive = false;
    await hold?.dropEnded();
    expect([isReady('10.98.0.2'), isReady('10.98.0.3')]).to.deep.equal([false, true]);
    await hold?.admit('10.98.0.2', () => true);
    await hold?.dropEnded();
    expect(isReady('10.98.0.2')).to.equal(true);
  });
});
