import { expect } from 'chai';
import { Releases } from '../../src/runner/releases.ts';

describe('releases', () => {
  it('are run once each, the latest first, though one of them throws', async () => {
    const order: string[] = [];
    const errors: unknown[] = [];
    const releases = new Releases((error) => errors.push(error));
    releases.defer(() => order.push('first'));
    releases.defer(async () => {
      await Promise.resolve();
      throw new Error('no');
    });
    releases.defer(async () => {
      await Promise.resolve();
      order.push('last');
    });
    await releases.run();
    await releases.run();
    expect(order).to.deep.equal(['last', 'first']);
    expect(errors.map(String)).to.deep.equal(['Error: no']);
  });
});
