import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { receivedError, VoltError } from '../../src/kernel/errors.ts';
import { TaskEnded, type TaskLimits, TaskProcess } from '../../src/system/task-process.ts';
import type { TestTask } from '../support/task-program.ts';
import { until } from '../support/until.ts';

const program = fileURLToPath(new URL('../support/task-program.ts', import.meta.url));

describe('TaskProcess', () => {
  const open: TaskProcess<TestTask, string>[] = [];
  afterEach(() => Promise.all(open.splice(0).map((tasks) => tasks.close())));

  function tasksWith(limits: Partial<TaskLimits> = {}): TaskProcess<TestTask, string> {
    const tasks = new TaskProcess<TestTask, string>(
      program,
      { processorTime: 10_000, memory: 64, ...limits },
      receivedError,
    );
    open.push(tasks);
    return tasks;
  }

  it('runs one task after the other', async () => {
    const tasks = tasksWith();
    const answers = await Promise.all([tasks.run('echo'), tasks.run('echo'), tasks.run('echo')]);
    expect(answers.map((answer) => answer.split(' ')[1])).to.deep.equal(['1', '2', '3']);
  });

  it('gives the process no VOLT_ variables', async () => {
    process.env.VOLT_TEST_VALUE = 'a secret';
    try {
      expect(await tasksWith().run('environment')).not.to.include('VOLT_');
    } finally {
      delete process.env.VOLT_TEST_VALUE;
    }
  });

  it('passes on the error that a task throws, and runs the next task', async () => {
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
    { task: 'wait', why: 'lost', message: /too busy/, limits: { processorTime: 50 } },
  ];
  for (const { task, why, message, limits } of ended) {
    it(`ends the task "${task}" as ${why}, and runs the waiting task in a new process`, async () => {
      const tasks = tasksWith(limits);
      const [bad, good] = await Promise.all([thrownBy(tasks.run(task)), tasks.run('echo')]);
      expect(bad).to.be.instanceOf(TaskEnded);
      expect((bad as TaskEnded).why).to.equal(why);
      expect(bad.message).to.match(message);
      expect(good.split(' ')[1]).to.equal('1');
    });
  }

  it('lets owners of tasks take turns', async () => {
    const tasks = tasksWith();
    const order: string[] = [];
    const run = (owner: string) => tasks.run('echo', { owner }).then(() => order.push(owner));
    await Promise.all([run('a'), run('a'), run('a'), run('b'), run('c')]);
    expect(order.indexOf('b')).to.be.below(order.lastIndexOf('a'));
    expect(order.indexOf('c')).to.be.below(order.lastIndexOf('a'));
  });

  it('ends a running or waiting task when its signal aborts', async () => {
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

  it('ends its process and fails its tasks when it is closed', async () => {
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
