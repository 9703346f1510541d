import { pause } from '../system/wait.ts';

/** Milliseconds until a refused command is tried again. */
const retryPause = 1000;

/**
 * Whether the server answers that it refuses commands of all clients at present: its memory is full (OOM), it cannot write its
 * files (MISCONF), it has too few replicas (NOREPLICAS), it is a replica itself (READONLY), or it loads its data. The command
 * can be tried again. Up to version 6.2 the error of a script has the code in the middle.
 * @param error as ioredis and BullMQ throw it
 */
export function isRefused(error: unknown): boolean {
  return error instanceof Error && /\b(OOM command|MISCONF|NOREPLICAS|READONLY|LOADING) /.test(error.message);
}

/** Whether its memory is full: it still accepts commands that need none, such as a longer TTL of a key. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('OOM ');
}

/**
 * Repeats some work until the server does not refuse it; throws any other error at once.
 * @param signal after its abort the next refusal is thrown, too
 */
export async function untilTaken<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isRefused(error) || signal.aborted) throw error;
    }
    await pause(retryPause, signal);
  }
}
