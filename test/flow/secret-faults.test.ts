import { expect } from 'chai';
import { hostLabel } from '../../src/kernel/names.ts';
import { jobQueue } from '../../src/queues/names.ts';
import type { Stage } from '../../src/queues/stage.ts';
import { setSecret } from '../../src/record/secrets.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('a job that waits for its secrets', () => {
  let volt: TestVolt;
  let dispatcher: Stage;
  let repository: TestRepository;

  beforeEach(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    await volt.reporter();
    dispatcher = await volt.dispatcher();
    await volt.observer();
    repository = new TestRepository({ 'test.sh': '#!/bin/sh\n[ "$WORD" = sesame ]\n' });
    const { name } = await volt.observe(repository.path);
    const { database, config } = volt.context;
    await setSecret(database, config, { repo: name, name: 'WORD', value: 'sesame', inEnvironment: true });
  });

  afterEach(async () => {
    await volt.stop();
    repository.remove();
  });

  /** Keeps requests for secrets unanswered; resolves when a runner asks. */
  async function askedInVain(): Promise<void> {
    repository.commit('with a secret');
    await volt.build(repository.head(), () => true);
    const queue = volt.context.queues.queue(jobQueue([hostLabel(volt.context.config.host)]));
    await until('the message of the job is sent', async () => (await queue.getJobCountByTypes('prioritized')) > 0);
    await dispatcher.stop();
    await volt.runner();
    await until('the runner asks for the secrets', async () => (await requests()) > 0);
  }

  const requests = () => volt.context.queues.queue('secrets').getJobCountByTypes('waiting');

  it('continues when a dispatcher is back', async () => {
    await askedInVain();
    await volt.dispatcher();
    expect((await volt.build(repository.head())).status).to.equal('success');
  });

  it('continues after Redis was emptied', async () => {
    await askedInVain();
    await volt.context.access.client.flushall();
    await volt.dispatcher();
    const build = await volt.build(repository.head());
    expect(build.status).to.equal('success');
    expect(build.jobs[0]?.attempts).to.have.length(1);
  });
});
