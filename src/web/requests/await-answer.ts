import { pause } from '../../system/wait.ts';

/** Milliseconds between two looks into the database. */
const interval = 100;

/**
 * Waits until another stage has answered.
 * @param look returns undefined as long as there is no answer
 * @param patience milliseconds
 * @returns undefined where there is no answer in that time
 */
export async function awaitAnswer<T>(look: () => Promise<T | undefined>, patience: number): Promise<T | undefined> {
  const until = performance.now() + patience;
  for (;;) {
    const answer = await look();
    if (answer !== undefined || performance.now() >= until) return answer;
    await pause(interval);
  }
}
