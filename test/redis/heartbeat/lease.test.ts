import { expect } from 'chai';
import { Lease } from '../../../src/redis/heartbeat/lease.ts';
import { heartbeatInterval, heartbeatTtl, leaseTtl } from '../../../src/redis/heartbeat-times.ts';
import { type Moment, moment } from '../../../src/system/clock.ts';
import { until } from '../../support/until.ts';

// begun when the tests are loaded, so that it has run out by the time that it is looked at
const old = new Lease(moment());

/** A moment so many milliseconds ago by each of the two clocks. */
function ago(awake: number, booted: number): Moment {
  const now = moment();
  return { awake: now.awake - awake, booted: now.booted - booted };
}

describe('a lease', () => {
  it('expires before the heartbeat key', () => {
    expect(leaseTtl + heartbeatInterval).to.be.below(heartbeatTtl);
  });

  it('is valid from its start until it is not renewed in time', async () => {
    const lease = new Lease(moment());
    expect(lease.valid).to.equal(true);
    expect(lease.left).to.be.within(1, leaseTtl);
    await until('the old one has run out', () => !old.valid);
    expect(old.left).to.equal(0);
  });

  it('is counted from when the heartbeat was sent, not from its confirmation', () => {
    const lease = new Lease(moment());
    lease.renew(ago(2 * leaseTtl, 2 * leaseTtl));
    expect(lease.valid, 'a late confirmation takes nothing away').to.equal(true);
    const former = new Lease(ago(3 * leaseTtl, 3 * leaseTtl));
    former.renew(ago(2 * leaseTtl, 2 * leaseTtl));
    expect(former.valid, 'and gives nothing').to.equal(false);
    former.renew(moment());
    expect(former.valid).to.equal(true);
  });

  it('expires while the machine sleeps, although one clock stops', () => {
    expect(new Lease(ago(10, leaseTtl + 10)).valid).to.equal(false);
    const slept = new Lease(ago(1000, 60_000));
    slept.renew(ago(20, 59_000));
    expect(slept.valid, 'a heartbeat that was sent before the sleep renews nothing').to.equal(false);
  });
});
