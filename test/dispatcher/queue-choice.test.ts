import { expect } from 'chai';
import { chooseQueues } from '../../src/dispatcher/queue-choice.ts';
import { QueuedMessages } from '../../src/dispatcher/queued-messages.ts';
import { routeBuild } from '../../src/dispatcher/route.ts';
import { jobIdOf } from '../../src/kernel/model.ts';
import { jobQueue } from '../../src/queues/names.ts';
import { servesQueue } from '../../src/queues/queue-labels.ts';
import { leave, listRunners, unfitCode, writeHeartbeat } from '../../src/redis/membership.ts';
import { runnerMember } from '../support/members.ts';
import { observed, plannedJob, recordedBuild } from '../support/record.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('the queue of a retried job', () => {
  let volt: TestVolt;
  const linux = { labels: ['linux'] };

  beforeEach(async () => {
    volt = await TestVolt.start();
    await observed(volt.context.database);
  });

  afterEach(() => volt.stop());

  const joins = (name: string, change: object = linux) =>
    writeHeartbeat(volt.context.access, 'runner', runnerMember(`${name}~1`, change));
  const queueOf = async (tried: string[], dueAt = Date.now()) =>
    (
      await chooseQueues(volt.context, [
        { labels: ['linux'], repo: 'app', runners: [], laterPlan: undefined, tried, dueAt },
      ])
    )[0];

  it('avoids the runners that could not start it, if another one takes jobs', async () => {
    await joins('a');
    expect(await queueOf(['a']), 'nobody else is there').to.deep.equal(['linux']);
    await joins('b', { ...linux, stopping: true });
    await joins('b2', { ...linux, drained: true });
    await joins('c', { ...linux, problems: [{ code: unfitCode, message: 'disk full', remedy: '' }] });
    await joins('d', { labels: ['gpu'] });
    expect(await queueOf(['a']), 'nobody else takes it').to.deep.equal(['linux']);
    await joins('e');
    expect(await queueOf(['a'])).to.deep.equal(['linux', 'not:a']);
    expect(await queueOf(['a', 'e']), 'each of them has failed, the last one just now').to.deep.equal([
      'linux',
      'not:e',
    ]);
    await joins('f');
    expect(await queueOf(['a', 'e'])).to.deep.equal(['linux', 'not:a', 'not:e']);
    expect(await queueOf([])).to.deep.equal(['linux']);
  });

  it('lets every runner take the job a minute after it was due', async () => {
    await joins('a');
    await joins('b');
    expect(await queueOf(['a'], Date.now() - 59_000)).to.deep.equal(['linux', 'not:a']);
    expect(await queueOf(['a'], Date.now() - 61_000)).to.deep.equal(['linux']);
  });

  it('avoids no runner if very many runners fail', async () => {
    const names = Array.from({ length: 70 }, (_, index) => `r${index}`);
    for (const name of [...names, 'well']) await joins(name);
    const queues = await chooseQueues(
      volt.context,
      names.map((name) => {
        const job = { labels: ['linux'], repo: 'app', runners: [], laterPlan: undefined };
        return { ...job, tried: [name], dueAt: Date.now() };
      }),
    );
    const avoiding = queues.filter((queue) => queue.length > 1);
    expect(avoiding).to.have.length(64);
    for (const queue of avoiding) await volt.context.queues.announceLabels(queue);
    expect(await queueOf(['r0']), 'one that is there already serves').to.deep.equal(['linux', 'not:r0']);
    expect(await queueOf(['other'])).to.deep.equal(['linux']);
  });

  it('becomes the queue of its labels, and its message moves along, as soon as no runner serves it', async () => {
    const { database, queues, access } = volt.context;
    await joins('a');
    await joins('b');
    const build = await recordedBuild(database, { jobs: [plannedJob('test', { labels: ['linux'] })] });
    const again = { due_at: Date.now(), avoid: '["a"]' };
    await database.write((db) => db.updateTable('jobs').set(again).where('id', '=', jobIdOf(build, 1)).execute());
    const messages = new QueuedMessages(volt.context);
    const waiting = (labels: string[]) => queues.queue(jobQueue(labels)).getPrioritizedCount();
    await messages.poll(new Set());
    expect([await waiting(['linux', 'not:a']), await waiting(['linux'])]).to.deep.equal([1, 0]);
    await messages.poll(new Set());
    expect([await waiting(['linux', 'not:a']), await waiting(['linux'])], 'it stays').to.deep.equal([1, 0]);
    await leave(access, 'runner', 'b~1');
    await messages.poll(new Set());
    expect([await waiting(['linux', 'not:a']), await waiting(['linux'])]).to.deep.equal([0, 1]);
  });

  it('has no message before the job is due, even after a check for missing messages', async () => {
    const { database, queues } = volt.context;
    const build = await recordedBuild(database);
    const due = (due_at: number) =>
      database.write((db) => db.updateTable('jobs').set({ due_at }).where('id', '=', jobIdOf(build, 1)).execute());
    const messages = new QueuedMessages(volt.context);
    const waiting = async () => {
      await routeBuild(volt.context, build);
      await messages.poll(new Set());
      return queues.queue(jobQueue([])).getPrioritizedCount();
    };
    await due(Date.now() + 20_000);
    expect(await waiting()).to.equal(0);
    await due(Date.now());
    expect(await waiting()).to.equal(1);
  });
});

for (const [kind, what, later] of [
  ['project', 'a job that tests a discovered project', { kind: 'project' }],
  ['image', 'tests in an image', { kind: 'image', image: 'node', from: 'file', plan: { kind: 'discover' } }],
  ['container', 'a job in a container', { kind: 'workflow', containers: true, secrets: { names: [], through: [] } }],
  ['services', 'a job with services', { kind: 'workflow', siblings: true, secrets: { names: [], through: [] } }],
] as const) {
  describe(`the queue of ${what}`, () => {
    let volt: TestVolt;
    const label = `plan:${kind}`;
    const plan = JSON.stringify(later);

    beforeEach(async () => {
      volt = await TestVolt.start();
      await observed(volt.context.database);
    });

    afterEach(() => volt.stop());

    /** @param plans absent in the heartbeat of an older runner */
    const joins = async (id: string, plans?: string[]) => {
      const { plans: _, ...older } = runnerMember(id);
      await writeHeartbeat(volt.context.access, 'runner', { ...older, ...(plans && { plans }) });
    };
    /** How many messages wait for all runners, and for those that understand such jobs. */
    const waiting = () =>
      Promise.all([[], [label]].map((labels) => volt.context.queues.queue(jobQueue(labels)).getPrioritizedCount()));

    it('is the queue of its labels if every runner understands such jobs', async () => {
      await joins('a~1', [kind]);
      const build = await recordedBuild(volt.context.database, { jobs: [plannedJob('test', { plan })] });
      await routeBuild(volt.context, build);
      expect(await waiting()).to.deep.equal([1, 0]);
    });

    it('is one that older runners do not serve, as long as one is registered', async () => {
      await joins('old~1');
      const command = JSON.stringify({ kind: 'command', command: 'true' });
      const jobs = [plannedJob('test', { plan }), plannedJob('lint', { plan: command })];
      await routeBuild(volt.context, await recordedBuild(volt.context.database, { jobs }));
      expect(await waiting()).to.deep.equal([1, 1]);
      // an older runner takes every label that it does not have for one that it lacks
      const { alive } = await listRunners(volt.context.access);
      expect(alive.map((runner) => servesQueue(runner, [label]))).to.deep.equal([false]);
      expect(servesQueue(runnerMember('new~1'), [label])).to.equal(true);
    });

    it('changes, and its message moves along, when an older runner joins', async () => {
      await joins('a~1', [kind]);
      const build = await recordedBuild(volt.context.database, { jobs: [plannedJob('test', { plan })] });
      await routeBuild(volt.context, build);
      await joins('old~1');
      const messages = new QueuedMessages(volt.context);
      await until('the message waits in the other queue', async () => {
        await messages.poll(new Set());
        const [forAll, forLater] = await waiting();
        return forAll === 0 && forLater === 1;
      });
    });
  });
}
