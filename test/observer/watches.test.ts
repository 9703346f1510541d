import { cpSync, renameSync, rmSync } from 'node:fs';
import { expect } from 'chai';
import { Watches } from '../../src/observer/watches.ts';
import type { ObserveMessage } from '../../src/queues/messages.ts';
import { observeQueue } from '../../src/queues/names.ts';
import { observed } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('watching the repositories of this machine', () => {
  let volt: TestVolt;
  let watches: Watches;
  const repository = new TestRepository({ 'a.txt': 'a\n' });

  before(async () => {
    volt = await TestVolt.start();
    watches = new Watches(volt.context);
  });

  after(async () => {
    await watches.close();
    await volt.stop();
    repository.remove();
  });

  const asked = async (): Promise<ObserveMessage[]> => {
    const queue = volt.context.queues.queue(observeQueue(volt.context.config.host));
    return (await queue.getWaiting()).map(({ data }) => data as ObserveMessage);
  };

  it('asks for a poll when a ref has moved, but not for a repository elsewhere or deleted', async () => {
    const { database, config } = volt.context;
    await observed(database, 'here', { url: repository.path, host: config.host });
    await observed(database, 'elsewhere', { url: repository.path.replace('sample', 'other'), host: 'another-machine' });
    await observed(database, 'gone', { url: '/nowhere/at/all', host: config.host });
    await watches.refresh();
    await watches.refresh();
    repository.commit('second');
    await until('a poll is asked for', async () => (await asked()).length > 0);
    expect(await asked()).to.deep.equal([{ v: 1, repo: 'here', cause: 'watch' }]);
  });

  it('asks for no poll after the repository was removed', async () => {
    const { database, access } = volt.context;
    await database.db.deleteFrom('repositories').where('name', '=', 'here').execute();
    await watches.refresh();
    await access.client.flushall();
    repository.commit('third');
    // another watch hears it
    await observed(database, 'again', { url: repository.path, host: volt.context.config.host });
    await watches.refresh();
    repository.commit('fourth');
    await until('a poll is asked for', async () => (await asked()).length > 0);
    expect((await asked()).map(({ repo }) => repo)).to.deep.equal(['again']);
  });

  it('watches the new repository when another one is moved to its path', async () => {
    const { database, access, config } = volt.context;
    const other = new TestRepository({ 'b.txt': 'b\n' });
    await observed(database, 'replaced', { url: other.path, host: config.host });
    await watches.refresh();
    const aside = `${other.path}.aside`;
    cpSync(other.path, aside, { recursive: true });
    rmSync(other.path, { recursive: true });
    renameSync(aside, other.path);
    await access.client.flushall();
    await until('a commit there is noticed', async () => {
      await watches.refresh();
      other.commit('again');
      return (await asked()).some(({ repo }) => repo === 'replaced');
    });
    other.remove();
  });
});
