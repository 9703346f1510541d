import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { heartbeatInterval, heartbeatTtl, leaseTtl } from '../../src/redis/membership.ts';
import { Lease, refusesConnections } from '../../src/runner/lease.ts';
import { freePort } from '../support/redis.ts';
import { until } from '../support/until.ts';

// begun when the tests are loaded, so that it has run out by the time that it is looked at
const old = new Lease();

describe('a lease', () => {
  it('has run out before the heartbeat key can have expired', () => {
    expect(leaseTtl + heartbeatInterval).to.be.below(heartbeatTtl);
  });

  it('is valid when it begins, and no more when it was not renewed in time', async () => {
    expect(new Lease().valid).to.equal(true);
    await until('the old one has run out', () => !old.valid);
  });

  it('is counted from when the heartbeat was sent, not from its confirmation', () => {
    const lease = new Lease();
    lease.renew(performance.now() - 2 * leaseTtl);
    expect(lease.valid, 'a late confirmation takes nothing away').to.equal(true);
    old.renew(performance.now() - 2 * leaseTtl);
    expect(old.valid, 'and gives nothing').to.equal(false);
    old.renew(performance.now());
    expect(old.valid).to.equal(true);
  });
});

describe('an address that refuses connections', () => {
  it('is one where nobody listens', async () => {
    expect(await refusesConnections('127.0.0.1', await freePort())).to.equal(true);
  });

  it('is not one where somebody listens, though he says nothing', async () => {
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    expect(await refusesConnections('127.0.0.1', (silent.address() as AddressInfo).port)).to.equal(false);
    await new Promise((resolve) => silent.close(resolve));
  });

  it('is not one that there is not', async () => {
    expect(await refusesConnections('host.invalid', 6379)).to.equal(false);
  });
});
