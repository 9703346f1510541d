import { FleetWatch } from '../../../src/dispatcher/fleet.ts';
import { beat, listRunners } from '../../../src/redis/membership.ts';
import { runnerMember } from '../../support/members.ts';
import { TestVolt } from '../../support/volt.ts';
import type { Growth } from './curve.ts';
import { Collection } from './samples.ts';

/** With so many runners registered, of which no process exists: what looking at them costs. */
export async function runners(sizes: readonly number[], n: number): Promise<{ growths: Growth[]; notes: string[] }> {
  const volt = await TestVolt.start();
  const { access } = volt.context;
  const collection = new Collection('runners');
  try {
    const fleet = new FleetWatch(volt.context);
    for (const size of sizes) {
      const members = Array.from({ length: size }, (_, index) =>
        runnerMember(`runner-${index}~1`, {
          host: `host-${index}`,
          machine: `machine-${index}`,
          labels: ['linux', 'x64'],
        }),
      );
      // their heartbeats live longer than the measurement takes
      const keep = async () => {
        for (const member of members) {
          await beat(access, 'runner', member);
          await access.client.pexpire(access.keys.member('runner', member.id), 600_000);
        }
      };
      await keep();
      await collection.measure('a heartbeat', size, n, async () => beat(access, 'runner', runnerMember('one~1')));
      await collection.measure('the list of all', size, n, () => listRunners(access));
      await collection.measure('the dispatcher’s look at the fleet', size, n, () => fleet.look());
    }
  } finally {
    await volt.stop();
  }
  return { growths: collection.growths, notes: ['each look reads every heartbeat: linear is what is expected'] };
}
