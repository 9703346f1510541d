import { expect } from 'chai';
import type { BuildId, JobId, RunnerId } from '../../src/kernel/model.ts';
import {
  announceChange,
  type Change,
  changeSchema,
  listen,
  notifyRunner,
  type RunnerNotice,
  runnerNoticeSchema,
} from '../../src/redis/channels.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { until } from '../support/until.ts';

const change = (build: string): Change => ({ build: build as BuildId, repo: 'app', status: 'running' });

describe('channels', () => {
  let test: TestAccess;

  before(async () => {
    test = await startAccess();
  });

  after(() => test.stop());

  /** Listens to changes of builds and keeps what it hears. */
  async function listenToChanges() {
    const heard: string[] = [];
    const { access, logger } = test;
    const stop = await listen(access, access.keys.changes, changeSchema, logger, ({ build }) => heard.push(build));
    return { heard, stop };
  }

  it('deliver messages to all listeners in order', async () => {
    const one = await listenToChanges();
    const two = await listenToChanges();
    const other = await test.another();
    for (const build of ['1', '2', '3']) await announceChange(other, change(build));
    await until('both have heard all', () => one.heard.length === 3 && two.heard.length === 3);
    expect([one.heard, two.heard]).to.deep.equal([
      ['1', '2', '3'],
      ['1', '2', '3'],
    ]);
    await one.stop();
    await two.stop();
  });

  it('deliver to a runner only its own notices', async () => {
    const { access, logger } = test;
    const heard: RunnerNotice[] = [];
    const key = access.keys.toRunner('a~1');
    const stop = await listen(access, key, runnerNoticeSchema, logger, (notice) => heard.push(notice));
    const cancel: RunnerNotice = { kind: 'cancel', job: '1-1' as JobId, attempt: 1, message: 'enough' };
    const archived: RunnerNotice = { kind: 'archived', job: '1-1' as JobId, attempt: 1, bytes: 7 };
    const recorded: RunnerNotice = { kind: 'recorded', job: '1-1' as JobId, attempt: 1 };
    await notifyRunner(access, 'b~1' as RunnerId, cancel);
    for (const notice of [cancel, archived, recorded]) await notifyRunner(access, 'a~1' as RunnerId, notice);
    await until('three notices', () => heard.length >= 3);
    expect(heard).to.deep.equal([cancel, archived, recorded]);
    await stop();
  });

  it('drop and log messages with an unknown form, and deliver the next', async () => {
    const { heard, stop } = await listenToChanges();
    const { client, keys } = test.access;
    test.lines.splice(0);
    for (const text of ['not json', '{}', '{"build":1,"repo":"app","status":"x"}', 'null'])
      await client.publish(keys.changes, text);
    await announceChange(test.access, change('4'));
    await until('the next good one', () => heard.length > 0);
    expect(heard).to.deep.equal(['4']);
    expect(test.lines.filter((line) => line.includes('with an unknown form'))).to.have.length(4);
    await stop();
  });

  it('deliver nothing to a listener that has stopped, and still deliver to others', async () => {
    const one = await listenToChanges();
    const two = await listenToChanges();
    await one.stop();
    await announceChange(test.access, change('5'));
    await until('the other one hears it', () => two.heard.length > 0);
    expect(one.heard).to.deep.equal([]);
    await two.stop();
  });

  it('deliver again after an outage of Redis', async () => {
    const { heard, stop } = await listenToChanges();
    await test.redis.kill();
    await test.redis.start();
    await until('a change is heard again', async () => {
      await announceChange(test.access, change('6'));
      return heard.length > 0;
    });
    await stop();
  });
});
