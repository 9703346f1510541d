import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Build, type BuildId, isFinal, type Job } from '../../src/kernel/model.ts';
import { findIntent, openCancel } from '../../src/record/intents.ts';
import { TestFolders } from '../support/folder.ts';
import { observed } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { longSleep, processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

/** A short timeout, in minutes. */
const soon = 0.02;
/** Minutes within which the checkout ends, on a busy machine, too. */
const afterCheckout = 0.1;

describe('ending a job', () => {
  const folders = new TestFolders();
  let volt: TestVolt;
  let repository: TestRepository;
  let silent: Server;

  beforeEach(async () => {
    volt = await TestVolt.start({ tryAgain: 'off' });
    repository = new TestRepository({ README: 'x' }, { name: 'app' });
    await observed(volt.context.database, 'app', { url: repository.path });
    await volt.dispatcher();
  });

  afterEach(async () => {
    await volt.stop();
    repository.remove();
  });

  before(async () => {
    silent = createServer((socket) => void socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });

  after(async () => {
    folders.remove();
    await new Promise((resolve) => silent.close(resolve));
  });

  const plan = (command: string, timeout = 60) => volt.plan('app', repository.head(), { test: { command, timeout } });

  async function cancel(build: BuildId): Promise<number> {
    const intent = await openCancel(volt.context.database, 'app', build, null);
    await volt.context.queues.sendAdvance({ v: 1, build });
    return intent;
  }

  const isClosed = (intent: number) =>
    until('the request is closed', async () => (await findIntent(volt.context.database, intent))?.open === false);

  /** Moves the repository to a server that accepts connections but never answers. */
  async function hang(): Promise<void> {
    const { port } = silent.address() as { port: number };
    const { database } = volt.context;
    await database.db.deleteFrom('repositories').execute();
    await observed(database, 'app', { url: `git://127.0.0.1:${port}/app` });
  }

  const only = (build: Build): Job => build.jobs[0] as Job;

  it('while it is queued keeps it from running', async () => {
    await volt.reporter();
    const build = await plan(`touch ${join(folders.make(), 'never')}`);
    const intent = await cancel(build);
    expect(only(await volt.built(build))).to.include({ status: 'cancelled', reason: 'by_user', runner: null });
    await isClosed(intent);
    const marker = join(folders.make(), 'ran');
    await volt.runner();
    await volt.built(await plan(`touch ${marker}`));
    expect(existsSync(marker), 'the runner serves the next one').to.equal(true);
    expect(only(await volt.built(build)).attempts).to.have.length(1);
  });

  it('by a cancel during the checkout ends it at once', async () => {
    await volt.reporter();
    await volt.runner();
    const connected = new Promise((resolve) => silent.once('connection', resolve));
    await hang();
    const build = await plan('true');
    await connected;
    const intent = await cancel(build);
    const job = only(await volt.built(build));
    expect(job).to.include({ status: 'cancelled', reason: 'by_user' });
    expect(job.steps.map(({ name, status }) => [name, status])).to.deep.equal([['checkout', 'cancelled']]);
    await isClosed(intent);
  });

  it('by the timeout during the checkout ends it as error, not as failure', async () => {
    await volt.reporter();
    await volt.runner();
    await hang();
    expect(only(await volt.built(await plan('true', soon)))).to.include({ status: 'error', reason: 'checkout_failed' });
  });

  it('by a cancel while it runs ends all of its processes', async () => {
    await volt.reporter();
    await volt.runner();
    const sleep = longSleep();
    const build = await plan(`trap '' TERM; sleep ${sleep} & sleep ${sleep}`);
    await until('the job sleeps', () => processesWith(sleep).length > 1);
    const intent = await cancel(build);
    expect(only(await volt.built(build))).to.include({ status: 'cancelled', reason: 'by_user' });
    expect(processesWith(sleep)).to.deep.equal([]);
    await isClosed(intent);
  });

  it('by the timeout while it runs ends it', async () => {
    await volt.reporter();
    await volt.runner();
    const sleep = longSleep();
    expect(only(await volt.built(await plan(`sleep ${sleep}`, afterCheckout)))).to.include({
      status: 'failure',
      reason: 'timeout',
    });
    expect(processesWith(sleep)).to.deep.equal([]);
  });

  it('after it has reported its outcome keeps that outcome', async () => {
    await volt.runner();
    const build = await plan('exit 5', 0.1);
    const { queues } = volt.context;
    const outcome = `${build}-1.1.finished`;
    await until(
      'the outcome waits to be recorded',
      async () => (await queues.queue('results').getJob(outcome)) !== undefined,
    );
    const intent = await cancel(build);
    await volt.reporter();
    expect(only(await volt.built(build))).to.include({ status: 'failure', reason: 'exit_code', exitCode: 5 });
    await isClosed(intent);
    expect((await volt.built(build, ({ status }) => isFinal(status))).status).to.equal('failure');
  });
});
