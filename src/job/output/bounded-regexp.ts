import { createContext, Script } from 'node:vm';

/**
 * A foreign regular expression may run for ever on a line and block the whole process. V8 interrupts one only inside a
 * script with a time limit, so the work is called from such a script.
 */
const context = createContext({ work: undefined as (() => unknown) | undefined });
const script = new Script('work()');

/**
 * Calls a synchronous function and gives up after a time.
 * @param ms milliseconds
 * @returns undefined if it took too long
 */
export function withinTime<T>(ms: number, work: () => T): T | undefined {
  context.work = work;
  try {
    return script.runInContext(context, { timeout: ms }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  } finally {
    context.work = undefined;
  }
}
