import { writeFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { sent } from './sent-error.ts';
import type { TaskAnswer } from './task-process.ts';

/**
 * Longest that a task may hold this process, in milliseconds. Who has started it ends it earlier; this is for when that one is
 * gone, and a task that never comes to an end would let nobody notice.
 */
const longest = Number(process.argv[2]);

/**
 * What a process of task-process.ts runs: works on each task that is sent to it. It ends with the one that started it.
 * @param prepare loads what only some tasks need
 */
export function serveTasks<Task, Result>(
  handle: (task: Task) => Result | Promise<Result>,
  prepare: (task: Task) => Promise<void> = async () => undefined,
): void {
  process.on('disconnect', () => process.exit());
  // what is said to all processes of a service is for the other one to act upon
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  goFirstWhenMemoryIsShort();
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

/** Node can end a call that takes too long only where the call is a script's. */
function bounded<T>(call: () => T): T {
  const scope = globalThis as { voltTask?: () => unknown };
  scope.voltTask = call;
  return new Script('voltTask()').runInThisContext({ timeout: longest }) as T;
}

function answer(message: TaskAnswer): void {
  // whoever asked may be gone; then this process ends at once
  process.send?.(message, () => undefined);
}

function goFirstWhenMemoryIsShort(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '500');
  } catch {
    // not Linux, or not allowed: it has a bound of its own
  }
}
