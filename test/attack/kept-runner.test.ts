import { expect } from 'chai';
import { changeRepository } from '../../src/record/repositories.ts';
import { removeRunnerKey } from '../../src/record/runner-keys.ts';
import { listRunners } from '../../src/redis/membership.ts';
import { attack } from '../support/attack.ts';
import { observed } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { knownKey } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('a runner that is reserved for a repository', function () {
  this.timeout(60_000);
  let volt: TestVolt;
  let repository: TestRepository;

  before(async () => {
    volt = await TestVolt.start();
    await volt.reporter();
    await volt.dispatcher();
    repository = new TestRepository({ 'a.txt': 'a\n' });
    for (const name of ['deploy', 'other']) await observed(volt.context.database, name, { url: repository.path });
    await volt.runner({ name: 'kept', labels: ['special'], repos: ['deploy'] });
  });

  after(async () => {
    await volt.stop();
    repository.remove();
  });

  const plan = (repo: string, labels: string[]) =>
    volt.plan(repo, repository.head(), { job: { command: 'echo ran', labels } });
  const runnerOf = async (id: Awaited<ReturnType<typeof plan>>) => (await volt.built(id)).jobs[0]?.runner;

  it('gets the jobs of that repository, and reports its reservation', async () => {
    expect(await runnerOf(await plan('deploy', ['special']))).to.equal('kept');
    const { alive } = await listRunners(volt.context.access);
    expect(alive[0]?.repos).to.deep.equal([['deploy']]);
  });

  attack(
    {
      attacker: 'pusher to a trusted branch',
      asset: "other repositories' jobs",
      title: 'cannot use a runner reserved for another repository by labels or by a queue name',
    },
    async () => {
      const waiting = [await plan('other', ['special']), await plan('other', ['repo:deploy', 'special'])];
      const own = await plan('deploy', ['special']);
      expect(await runnerOf(own), 'those that were sent before do not hold it up').to.equal('kept');
      for (const id of waiting) {
        const build = await volt.built(id, ({ jobs }) => jobs.length === 1);
        expect(build.jobs[0]).to.include({ status: 'queued', runner: null });
        expect(build.jobs[0]?.attempts).to.have.length(1);
      }
      await volt.runner({ name: 'open', labels: ['special'] });
      for (const id of waiting) expect(await runnerOf(id)).to.equal('open');
    },
  );

  it('gets jobs that already wait in a common queue after its key is reserved for their repository', async () => {
    const { database } = volt.context;
    const build = await plan('other', ['late']);
    await until(
      'the job waits in the common queue',
      async () => (await volt.context.queues.queue('jobs.late').getPrioritizedCount()) === 1,
    );
    await knownKey(database, 'late', ['other']);
    const kept = volt.context.queues.queue('jobs.late+repo=other');
    await until(
      'the job was moved to the queue of the reserved runner',
      async () => (await kept.getPrioritizedCount()) === 1,
      20_000,
    );
    expect(await volt.context.queues.queue('jobs.late').getPrioritizedCount()).to.equal(0);
    await removeRunnerKey(database, 'late');
    await until('the job was moved back', async () => (await kept.getPrioritizedCount()) === 0, 20_000);
    await volt.runner({ name: 'late', labels: ['late'] });
    const { jobs } = await volt.built(build);
    expect(jobs[0]?.attempts, 'it ran once').to.have.length(1);
  });

  it('is selected by the required labels of a repository, whatever labels its jobs name', async () => {
    await changeRepository(volt.context.database, 'other', { runners: ['vault'] });
    const build = await plan('other', ['special']);
    const needing = volt.context.queues.queue('jobs.special+vault');
    await until('the job waits in the queue of its labels', async () => (await needing.getPrioritizedCount()) === 1);
    await volt.runner({ name: 'vault', labels: ['special', 'vault'] });
    expect(await runnerOf(build)).to.equal('vault');
  });
});
