import { expect } from 'chai';
import { FleetHistory } from '../../src/web/status/fleet-history.ts';
import { measureFleet } from '../../src/web/status/fleet-measurement.ts';
import { until } from '../support/until.ts';
import { job, Site } from './site.ts';

describe('web: the history of the runners', () => {
  it('keeps the newest moments, up to a limit', () => {
    const history = new FleetHistory();
    for (let at = 0; at < 1000; at++) history.add({ at, waiting: 1, busy: 1, slots: 2 });
    expect(history.moments).to.have.lengthOf(240);
    expect(history.moments.at(-1)?.at).to.equal(999);
  });

  it('counts waiting jobs, busy slots and all slots', async () => {
    const site = await Site.start();
    const history = new FleetHistory();
    const watch = measureFleet({ ...site.context, fleet: history }, 20);
    try {
      await site.repository('sample');
      await site.runner('r1', { slots: 3, running: [`${job(await site.build('sample'))}.1`] });
      await until('a look that saw the runner', () => history.moments.some(({ slots }) => slots === 3));
      expect(history.moments.at(-1)).to.include({ waiting: 0, busy: 1, slots: 3 });
    } finally {
      await watch.stop();
      await site.stop();
    }
  });
});
