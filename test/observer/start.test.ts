import { expect } from 'chai';
import { VoltError } from '../../src/kernel/errors.ts';
import { startObserver } from '../../src/observer/start.ts';
import { observeQueue } from '../../src/queues/names.ts';
import { noteObserveError } from '../../src/record/observations.ts';
import { findRepository } from '../../src/record/repositories.ts';
import { GitServer } from '../chaos/git-server.ts';
import { keepLog } from '../support/logger.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('an observer that starts', () => {
  let volt: TestVolt;
  let server: GitServer;
  const repository = new TestRepository({ 'a.txt': 'a\n' }, { name: 'app' });

  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
  });

  after(async () => {
    await volt.stop();
    await server.stop();
    repository.remove();
  });

  it('polls failed repositories at once, however long their pause still is', async () => {
    const { database } = volt.context;
    // over the network: a repository on this machine is polled when its watch begins
    server = await GitServer.start(repository.path);
    await volt.observe(server.url('127.0.0.1'), { name: 'app', pollSeconds: 3600 });
    const error = new VoltError('fetch_failed', 'the cable was out', { remedy: '' });
    await noteObserveError(database, 'app', error, () => 3_600_000);
    await volt.observer();
    await until('it is polled', async () => (await findRepository(database, 'app'))?.error === null);
  });

  it('makes schedules again that Redis has lost', async () => {
    const { access, queues } = volt.context;
    await access.client.flushall();
    const schedulers = () => queues.queue(observeQueue(null)).getJobSchedulers();
    expect(await schedulers()).to.deep.equal([]);
    await volt.observer();
    await until('it is scheduled', async () => (await schedulers()).length === 1);
  });

  it('warns when no dispatcher is running', async () => {
    const { logger, lines } = keepLog();
    const observer = await startObserver({ ...volt.context, logger });
    await until('it says so', () => lines.some((line) => line.includes('no dispatcher is running')));
    await observer.stop();
  });
});
