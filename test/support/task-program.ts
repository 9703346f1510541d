import { VoltError } from '../../src/kernel/errors.ts';
import { serveTasks } from '../../src/system/task-server.ts';

/** The tasks of test/system/task-process.test.ts. */
export type TestTask = 'echo' | 'fail' | 'refuse' | 'spin' | 'grow' | 'leap' | 'wait' | 'die' | 'environment';

let served = 0;

serveTasks(async (task: TestTask): Promise<string> => {
  served++;
  switch (task) {
    case 'echo':
      return `${process.pid} ${served}`;
    case 'fail':
      throw new Error('the task has a fault');
    case 'refuse':
      throw new VoltError('bad_name', 'that is no name', { remedy: 'Give another.' });
    case 'spin':
      for (;;);
    case 'grow': {
      const all: unknown[] = [];
      for (;;) all.push({ value: Math.random() });
    }
    case 'leap':
      // one allocation far above the limit
      return String(new Array(3e7).fill(0).map((_, index) => ({ index })).length);
    case 'wait':
      return new Promise(() => undefined);
    case 'die':
      return process.kill(process.pid, 'SIGKILL') ? '' : '';
    case 'environment':
      return JSON.stringify(process.env);
  }
});
