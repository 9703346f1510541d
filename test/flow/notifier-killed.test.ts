import { expect } from 'chai';
import { listNotices } from '../../src/record/notices.ts';
import { databaseEnvironment } from '../support/database.ts';
import { NoticeReceiver } from '../support/notice-receiver.ts';
import { Noticing } from '../support/noticing.ts';
import { type VoltProcess, VoltProcesses } from '../support/processes.ts';
import { observed } from '../support/record.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

/** Builds that end in each round, and after how many notices of it the notifier is killed. */
const rounds = { builds: 8, killedAt: [1, 4, 7] };

describe('notices of a notifier that is killed while it sends them', () => {
  const processes = new VoltProcesses();
  let volt: TestVolt;
  let receiver: NoticeReceiver;
  let env: { [name: string]: string };
  before(async () => {
    volt = await TestVolt.start();
    env = await databaseEnvironment(volt.dataDir);
    receiver = await NoticeReceiver.start();
  });
  after(async () => {
    await processes.end();
    await receiver.stop();
    await volt.stop();
  });

  const startNotifier = async (): Promise<VoltProcess> => {
    const notifier = processes.start(['notifier', '--redis', volt.redis.url, '--data', volt.dataDir], env);
    await notifier.says('notifier ready');
    return notifier;
  };
  const keys = () => receiver.received.map(({ headers }) => String(headers['webhook-id']));

  it('arrive, each under one key, though Redis is emptied, too, and no message tells of them', async () => {
    const { database } = volt.context;
    const noticing = new Noticing(volt.context);
    await observed(database, 'app');
    await noticing.add(receiver.url, { on: 'all', branches: ['**'] });
    const builds: string[] = [];
    const endAll = async () => {
      for (let i = 0; i < rounds.builds; i++) builds.push(await noticing.end('success'));
    };
    for (const killedAt of rounds.killedAt) {
      const notifier = await startNotifier();
      const last = receiver.received.length + killedAt;
      receiver.check = () => {
        if (receiver.received.length === last) notifier.signal('SIGKILL');
        return { status: 200 };
      };
      await endAll();
      expect(await notifier.ended()).to.equal('SIGKILL');
      // as if the time had passed for which the killed one has the target for itself
      await database.write((db) => db.updateTable('notice_targets').set({ held_until: 1 }).execute());
    }
    receiver.check = undefined;
    await startNotifier();
    await volt.emptyRedis();
    await endAll();
    await until(
      'nothing waits',
      async () =>
        (await listNotices(database, { limit: 500 })).filter(({ state }) => state === 'sent').length === builds.length,
    );
    const notices = await listNotices(database, { limit: 500 });
    expect(notices.map(({ about }) => about?.build).sort()).to.deep.equal([...builds].sort());
    expect([...new Set(keys())].sort()).to.deep.equal(notices.map(({ id }) => `team.${id}`).sort());
    // at most the notice that was on its way comes twice, under its key
    expect(keys().length - notices.length).to.be.at.most(rounds.killedAt.length);
  });
});
