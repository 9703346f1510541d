import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { VoltError } from '../../src/kernel/errors.ts';
import { TaskEnded, type TaskLimits, TaskProcess } from '../../src/kernel/task-process.ts';
import type { TestTask } from '../support/task-program.ts';
import { until } from '../support/until.ts';

const program = fileURLToPath(new URL('../support/task-program.ts', import.meta.url));

describe('a process for tasks', () => {
  const open: TaskProcess<TestTask, string>[] = [];
  afterEach(() => Promise.all(open.splice(0).map((tasks) => tasks.close())));

  function tasksWith(limits: Partial<TaskLimits> = {}): TaskProcess<TestTask, string> {
    const tasks = new TaskProcess<TestTask, string>(program, { processorTime: 10_000, memory: 64, ...limits });
    open.push(tasks);
    return tasks;
  }

  it('works on one task after the other', async () => {
    const tasks = tasksWith();
    const answers = await Promise.all([tasks.run('echo'), tasks.run('echo'), tasks.run('echo')]);
    expect(answers.map((answer) => answer.split(' ')[1])).to.deep.equal(['1', '2', '3']);
  });

  it('has nothing of the environment that Volt is configured by', async () => {
    process.env.VOLT_TEST_VALUE = 'a secret';
    try {
      expect(await tasksWith().run('environment')).not.to.include('VOLT_');
    } finally {
      delete process.env.VOLT_TEST_VALUE;
    }
  });

  it('hands on what a task throws, and goes on', async () => {
    const tasks = tasksWith();
    const first = await tasks.run('echo');
    expect((await thrownBy(tasks.run('fail'))).message).to.equal('the task has a fault');
    const refused = (await thrownBy(tasks.run('refuse'))) as VoltError;
    expect(refused).to.be.instanceOf(VoltError);
    expect([refused.code, refused.remedy]).to.deep.equal(['bad_name', 'Give another.']);
    expect((await tasks.run('echo')).split(' ')[0]).to.equal(first.split(' ')[0]);
  });

  const ended: { task: TestTask; why: TaskEnded['why']; message: RegExp; limits?: Partial<TaskLimits> }[] = [
    { task: 'spin', why: 'too_slow', message: /longer than 0\.5 s/, limits: { processorTime: 500 } },
    { task: 'grow', why: 'too_large', message: /more than 64 MB/ },
    { task: 'leap', why: 'too_large', message: /more than 64 MB/ },
    { task: 'die', why: 'lost', message: /SIGKILL/ },
    { task: 'wait', why: 'lost', message: /no time/, limits: { processorTime: 50 } },
  ];
  for (const { task, why, message, limits } of ended) {
    it(`ends "${task}" as ${why}, and gives what waits to a new process`, async () => {
      const tasks = tasksWith(limits);
      const [bad, good] = await Promise.all([thrownBy(tasks.run(task)), tasks.run('echo')]);
      expect(bad).to.be.instanceOf(TaskEnded);
      expect((bad as TaskEnded).why).to.equal(why);
      expect(bad.message).to.match(message);
      expect(good.split(' ')[1]).to.equal('1');
    });
  }

  it('serves those who have tasks in turn', async () => {
    const tasks = tasksWith();
    const order: string[] = [];
    const run = (owner: string) => tasks.run('echo', { owner }).then(() => order.push(owner));
    await Promise.all([run('a'), run('a'), run('a'), run('b'), run('c')]);
    expect(order.indexOf('b')).to.be.below(order.lastIndexOf('a'));
    expect(order.indexOf('c')).to.be.below(order.lastIndexOf('a'));
  });

  it('ends a task that is not wanted any more, whether it runs or waits', async () => {
    const tasks = tasksWith();
    const running = new AbortController();
    const waiting = new AbortController();
    const spin = thrownBy(tasks.run('spin', { signal: running.signal }));
    const wait = thrownBy(tasks.run('echo', { signal: waiting.signal }));
    const last = tasks.run('echo');
    waiting.abort(new Error('not wanted'));
    expect((await wait).message).to.equal('not wanted');
    running.abort(new Error('nor this'));
    expect((await spin).message).to.equal('nor this');
    expect((await last).split(' ')[1]).to.equal('1');
  });

  it('leaves nothing behind when it is closed', async () => {
    const tasks = tasksWith();
    const pid = Number((await tasks.run('echo')).split(' ')[0]);
    const spin = thrownBy(tasks.run('spin'));
    await tasks.close();
    expect((await spin) as TaskEnded).to.have.property('why', 'lost');
    await until('its process is gone', () => !lives(pid));
  });
});

/** What the task ends with. */
async function thrownBy(task: Promise<string>): Promise<Error> {
  const outcome = await task.catch((error: unknown) => error);
  if (outcome instanceof Error) return outcome;
  throw new Error(`expected an error, but it came to ${outcome}`);
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
