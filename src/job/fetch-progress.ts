import { errorText } from '../kernel/errors.ts';
import { every, pause } from '../system/wait.ts';
import type { JobLog } from './log.ts';

/** Milliseconds until a fetch counts as long, and between two lines about it. */
const usual = { first: 5000, interval: 15_000 };

/**
 * Says in a job's log how far a long fetch has come, so that nobody takes a large repository for a hanging job.
 * @param work is given what to call with each line of git's own progress
 */
export async function logLongFetch<T>(
  log: JobLog,
  repository: string,
  work: (progress: (line: string) => void) => Promise<T>,
  times = usual,
): Promise<T> {
  const begun = performance.now();
  const over = new AbortController();
  let last = 'waiting for git';
  const tell = async () => {
    if (!over.signal.aborted) {
      const seconds = Math.round((performance.now() - begun) / 1000);
      await log.say(`still fetching ${repository}, ${seconds} s: ${last}`);
    }
  };
  const telling = pause(times.first, over.signal).then(() => {
    if (over.signal.aborted) return undefined;
    return every(times.interval, tell, (error) => {
      last = errorText(error);
    });
  });
  try {
    return await work((line) => {
      last = line;
    });
  } finally {
    over.abort();
    await (await telling)?.stop();
  }
}
