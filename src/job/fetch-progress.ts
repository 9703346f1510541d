import { errorText } from '../kernel/errors.ts';
import { every, pause } from '../system/wait.ts';
import type { JobLog } from './log.ts';

/** Milliseconds until the first line about a fetch, and between two further lines. */
const usual = { first: 5000, interval: 15_000 };

/**
 * Writes the progress of a long fetch into a job's log, so that nobody takes a large repository for a hanging job.
 * @param work calls the function that it is given with each line of git's own progress
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
  const report = async () => {
    if (!over.signal.aborted) {
      const seconds = Math.round((performance.now() - begun) / 1000);
      await log.say(`still fetching ${repository}, ${seconds} s: ${last}`);
    }
  };
  const reporting = pause(times.first, over.signal).then(() => {
    if (over.signal.aborted) return undefined;
    return every(times.interval, report, (error) => {
      last = errorText(error);
    });
  });
  try {
    return await work((line) => {
      last = line;
    });
  } finally {
    over.abort();
    await (await reporting)?.stop();
  }
}
