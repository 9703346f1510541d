import { pause } from '../system/wait.ts';

/** Milliseconds until what was refused is tried again. */
const again = 1000;

/**
 * Whether the server has answered, and takes nothing from anybody at present: its memory is full (OOM), it cannot write its
 * files (MISCONF), has too few replicas (NOREPLICAS), is a replica itself (READONLY), or loads its data. What was asked of
 * it is asked again. Up to version 6.2 a script's error holds the code in the middle.
 * @param error a reply of Redis, as ioredis and BullMQ throw it
 */
export function isRefused(error: unknown): boolean {
  return error instanceof Error && /\b(OOM command|MISCONF|NOREPLICAS|READONLY|LOADING) /.test(error.message);
}

/** Its memory is full: it still takes what needs none, such as a longer life for a key. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('OOM ');
}

/**
 * Does something as often as the server refuses it; any other error is thrown at once.
 * @param signal when it aborts, the next refusal is thrown, too
 */
export async function untilTaken<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isRefused(error) || signal.aborted) throw error;
    }
    await pause(again, signal);
  }
}
