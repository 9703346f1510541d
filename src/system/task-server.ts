import { writeFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { sent } from './sent-error.ts';
import type { TaskAnswer } from './task-process.ts';

/**
 * The longest a task may run, in milliseconds. The parent ends a task earlier; this limit ends an endless task of a parent that
 * is gone, since a busy process does not notice the disconnect.
 */
const longest = Number(process.argv[2]);

/**
 * The main function of a process of task-process.ts: runs each task that is sent to it, and ends with its parent.
 * @param prepare loads what only some tasks need, outside of the time limit
 */
export function serveTasks<Task, Result>(
  handle: (task: Task) => Result | Promise<Result>,
  prepare: (task: Task) => Promise<void> = async () => undefined,
): void {
  process.on('disconnect', () => process.exit());
  // a signal to all processes of a service is for the parent, which ends this process
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  preferToBeKilledWithoutMemory();
  process.on('message', async (task: Task) => {
    try {
      await prepare(task);
      answer({ value: await bounded(() => handle(task)) });
    } catch (error) {
      answer({ error: sent(error) });
    }
  });
  answer('ready');
}

/** Calls it as a script, because Node can interrupt only scripts. */
function bounded<T>(call: () => T): T {
  const scope = globalThis as { voltTask?: () => unknown };
  scope.voltTask = call;
  return new Script('voltTask()').runInThisContext({ timeout: longest }) as T;
}

function answer(message: TaskAnswer): void {
  // where the parent is gone, this process is about to end
  process.send?.(message, () => undefined);
}

/** When the machine runs out of memory, the kernel kills this process before others. */
function preferToBeKilledWithoutMemory(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '500');
  } catch {
    // not Linux, or not allowed: the heap limit still holds
  }
}
