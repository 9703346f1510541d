import { expect } from 'chai';
import { releaseTargetsOfGone } from '../../src/notifier/gone-notifiers.ts';
import { showStage } from '../../src/queues/stage.ts';
import { hold } from '../../src/record/holds.ts';
import { NoticeReceiver } from '../support/notice-receiver.ts';
import { Noticing } from '../support/noticing.ts';
import { observed } from '../support/record.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('the targets of a notifier that is gone', () => {
  let volt: TestVolt;
  let receiver: NoticeReceiver;
  let noticing: Noticing;
  before(async () => {
    volt = await TestVolt.start();
    receiver = await NoticeReceiver.start();
    noticing = new Noticing(volt.context);
    await observed(volt.context.database, 'app');
  });
  after(async () => {
    await receiver.stop();
    await volt.stop();
  });
  beforeEach(async () => {
    const { db } = volt.context.database;
    await db.deleteFrom('notice_targets').execute();
    receiver.received.length = 0;
    receiver.check = undefined;
    await noticing.add(receiver.url, { on: 'all', branches: ['**'] });
  });

  const holdAs = (holder: string) => hold(volt.context.database, 'notice_targets', 'team', { holder, ms: 120_000 });
  const release = () => releaseTargetsOfGone(volt.context, 'two');

  it('go to another one at once, and those of one that lives do not', async () => {
    const living = showStage(volt.context, 'notifier');
    await holdAs(living.id);
    await until('the notifier is known', async () => {
      await release();
      return volt.context.access.client.exists(volt.context.access.keys.member('notifier', living.id));
    });
    await release();
    await noticing.end('success');
    await noticing.deliver('two');
    expect(receiver.received).to.have.length(0);
    await living.stop();
    await release();
    await noticing.deliver('two');
    expect(receiver.received).to.have.length(1);
  });

  it('stay with it while it may be sending there, so that no notice is sent by two', async () => {
    await holdAs('one');
    await noticing.end('success');
    receiver.check = async () => {
      receiver.check = undefined;
      await release();
      await noticing.deliver('two');
      return { status: 200 };
    };
    await noticing.deliver('one');
    expect(await noticing.log()).to.deep.equal(['team passed sent']);
    expect(receiver.received).to.have.length(1);
  });

  it('are lost to it before it sends there again, if it was only frozen', async () => {
    await holdAs('one');
    for (let i = 0; i < 3; i++) await noticing.end('success');
    // it wakes up between two notices, and finds that another one has the target
    noticing.spacing = { webhook: 300 };
    const delivering = noticing.deliver('one');
    await until('it has sent one', async () => receiver.received.length > 0);
    await until('another one has the target', async () => {
      await release();
      return holdAs('two');
    });
    const sent = receiver.received.length;
    await delivering;
    expect(receiver.received).to.have.length(sent);
    await noticing.deliver('two');
    expect(await noticing.log()).to.deep.equal(Array(3).fill('team passed sent'));
    expect(receiver.received).to.have.length(3);
  });
});
