import { expect } from 'chai';
import { containersWith, stateOf } from '../../../src/engine/containers.ts';
import { removeLabelled } from '../../../src/engine/remove-labelled.ts';
import { cancelled } from '../../../src/job/outcome.ts';
import { isAlive } from '../../../src/system/processes.ts';
import { tinyImage } from '../../support/engine.ts';
import { useEngine } from '../../support/engine-session.ts';
import { TestJobs } from '../../support/job.ts';
import { until } from '../../support/until.ts';

describe('a job in a container of an engine that hangs', function () {
  this.timeout(180_000);
  const jobs = new TestJobs();
  const used = useEngine();
  after(async () => {
    await jobs.clean();
    jobs.folders.remove();
  });

  it('ends with its processes when it is cancelled, as do docker actions', async () => {
    const start = (lines: string) => {
      const repository = jobs.repository({ 'a.txt': 'a\n' });
      const { test: plan } = jobs.plans(`on: push\njobs:\n  test:\n    runs-on: linux\n    ${lines}\n`, repository);
      if (!plan) throw new Error('there is no such job');
      return jobs.start(plan, repository, { engine: used.session.next() });
    };
    const both = [
      start(`container: ${tinyImage}\n    steps:\n      - run: echo begun; sleep 300`),
      start(
        `steps:\n      - uses: docker://${tinyImage}\n        with: { entrypoint: sh, args: -c "echo begun; sleep 300" }`,
      ),
    ];
    for (const job of both) await until('the step runs', () => job.log().includes('\nbegun\n'));
    const client = await used.engine.connect();
    const pids: number[] = [];
    for (const id of await containersWith(client, { 'volt.record': 'test' }))
      pids.push((await stateOf(client, id))?.pid ?? 0);
    expect(pids.map(isAlive)).to.deep.equal([true, true]);
    used.engine.freeze();
    try {
      for (const job of both) job.stop.abort(cancelled('by a person'));
      for (const job of both) expect((await job.ended).outcome, job.log()).to.include({ status: 'cancelled' });
      expect(pids.map(isAlive)).to.deep.equal([false, false]);
    } finally {
      used.engine.thaw();
    }
    await removeLabelled(client, { 'volt.record': 'test' });
  });
});
