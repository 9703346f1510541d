import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { logTimesFile } from '../../src/kernel/data-paths.ts';
import { jobIdOf } from '../../src/kernel/model.ts';
import { clockFault } from '../../src/redis/clock-fault.ts';
import { listRunners } from '../../src/redis/membership.ts';
import { Clocks } from '../chaos/clocks.ts';
import { VoltProcess } from '../support/cli.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';
import { knownKey } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

/** The indexes of the shifts in chaos/clocks.ts that are ten minutes. */
const shifts = { behind: 2.5 / 6, ahead: 3.5 / 6 };

describe('runners with clocks that are ten minutes wrong', () => {
  const folders = new TestFolders();
  const processes: VoltProcess[] = [];
  let volt: TestVolt;
  let clocks: Clocks;
  let repository: TestRepository;
  let head: string;

  before(async () => {
    volt = await TestVolt.start();
    clocks = new Clocks(join(folders.make(), 'clocks'));
    repository = new TestRepository();
    head = repository.commit('first', { 'readme.md': 'hello' });
    await volt.observe(repository.path, { name: 'app' });
    await volt.reporter();
    await volt.dispatcher();
  });

  after(async () => {
    await Promise.all(processes.map((each) => each.stop()));
    await volt.stop();
    repository.remove();
    folders.remove();
  });

  /** A runner's process, with a data directory and a clock of its own, as on another machine. */
  async function start(name: string): Promise<void> {
    const data = folders.make();
    const key = await knownKey(volt.context.database, name);
    const env = {
      ...{ VOLT_REDIS_URL: volt.redis.url, VOLT_DATA_DIR: data, VOLT_RUNNER_KEY: key.text, VOLT_ISOLATION: 'none' },
      ...clocks.environment(name),
    };
    const runner = new VoltProcess(['runner', '--name', name, '--labels', name], { env });
    processes.push(runner);
    await until(`runner ${name} is registered`, () => member(name));
  }

  const member = async (name: string) =>
    (await listRunners(volt.context.access)).alive.find((runner) => runner.name === name);

  it("record times of the server's clock, and are reported", async () => {
    const begun = Date.now();
    const may = join(folders.make(), 'may-end');
    clocks.shift('behind', shifts.behind);
    clocks.shift('ahead', shifts.ahead);
    await Promise.all(['behind', 'ahead', 'set'].map(start));
    const job = (label: string) => ({ command: 'echo said; sleep 0.3', labels: [label] });
    const id = await volt.plan('app', head, {
      behind: job('behind'),
      ahead: job('ahead'),
      set: { ...job('set'), command: `echo said; until [ -e ${may} ]; do sleep 0.05; done` },
    });
    await volt.built(id, ({ jobs }) => jobs[2]?.status === 'running');
    clocks.shift('set', shifts.ahead);
    await until(
      'the clock of the runner is wrong',
      async () => ((await member('set'))?.vitals?.clockAhead ?? 0) > 2000,
    );
    writeFileSync(may, 'end');
    const { status, jobs, createdAt, finishedAt } = await volt.built(id);
    const ended = Date.now();
    expect(status).to.equal('success');
    const order = (...times: (string | null | undefined)[]) => {
      const numbers = [begun, ...times.map((time) => Date.parse(time ?? '')), ended];
      expect(numbers).to.deep.equal([...numbers].sort((a, b) => a - b));
    };
    for (const [index, { startedAt, finishedAt: over, steps, attempts }] of jobs.entries()) {
      order(createdAt, startedAt, ...steps.flatMap((step) => [step.startedAt, step.finishedAt]), over, finishedAt);
      expect(attempts).to.have.length(1);
      const lines = readFileSync(logTimesFile(volt.dataDir, { job: jobIdOf(id, index + 1), attempt: 1 }));
      order(startedAt, new Date(lines.readDoubleLE(8)).toISOString(), over);
    }
    for (const [name, how] of [
      ['behind', 'behind'],
      ['ahead', 'ahead of'],
      ['set', 'ahead of'],
    ] as const) {
      const known = await member(name);
      expect(known && clockFault(known)).to.equal(`its clock is 600.0 s ${how} that of Redis`);
      order(known?.heartbeatAt);
      expect(Date.parse(known?.startedAt ?? ''), 'to the second').to.be.within(begun - 1000, ended);
    }
  });
});
