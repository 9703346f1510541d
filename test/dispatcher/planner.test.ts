import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { planner, Unplannable } from '../../src/dispatcher/planner.ts';
import { Throttle } from '../../src/dispatcher/throttle.ts';
import { TaskEnded } from '../../src/system/task-process.ts';
import { until } from '../support/until.ts';

describe('the planning process', () => {
  afterEach(() => planner.close());

  const workflow = (name: string) => `name: ${name}\non: push\njobs: { a: { runs-on: x, steps: [{ run: make }] } }\n`;
  const read = (name: string) => planner.read(name, [{ path: 'ci.yml', text: workflow(name) }], []);

  /** Kills the process while it is asked to read that. @returns what that comes to */
  async function killed(name: string): Promise<unknown> {
    const outcome = read(name).catch((error: unknown) => error);
    process.kill(await until('the planning process', planningProcess), 'SIGKILL');
    return outcome;
  }

  it('may be killed, and the next try succeeds', async () => {
    const lost = await killed('one');
    expect(lost).to.be.instanceOf(TaskEnded).with.property('why', 'lost');
    const { workflows, diagnostics } = await read('one');
    expect([workflows.map(({ name }) => name), diagnostics]).to.deep.equal([['one'], []]);
  });

  it('ends a task as planning_failed after three failures, and starts to count again then', async () => {
    await killed('two');
    await killed('two');
    const last = await killed('two');
    expect(last).to.be.instanceOf(Unplannable);
    expect(last).to.include({ reason: 'planning_failed' });
    expect((last as Error).message).to.match(/has failed 3 times: .*SIGKILL/);
    expect((await read('two')).diagnostics).to.deep.equal([]);
  });
});

describe('the throttle of a repository', () => {
  it('does not delay other repositories', () => {
    const pace = new Throttle();
    pace.note('quick', 20);
    pace.note('slow', 4000);
    expect([pace.wait('quick'), pace.wait('other')]).to.deep.equal([0, 0]);
    expect(pace.wait('slow')).to.be.within(1, 4000);
  });
});

/** The child of this process that plans. */
function planningProcess(): number | undefined {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .find((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        const parent = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);
        return parent === process.pid && line.includes('planning-process');
      } catch {
        return false;
      }
    });
}
