import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Milliseconds between looks. */
const interval = 5000;
/** The share of its time for which a process may have something to do and still counts as idle. */
const idle = 0.2;
/** Bytes by which the heap must have grown, so that it is worth to look through it. */
const growth = 16 * 1_048_576;
/** Collections after which the heap is as small as it gets; one alone may leave pages that are hardly used. */
const most = 3;

/**
 * Gives back, when this process has become idle after it had much to do, the memory that it needed for that. V8 does so only
 * after a collection of the whole heap, and a process that allocates next to nothing may come to the next one after hours.
 * It lasts as long as the process, and does not keep that alive.
 */
export function giveBackSpareMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let least = getHeapStatistics().total_physical_size;
  let left = most;
  let before = performance.eventLoopUtilization();
  setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    const size = getHeapStatistics().total_physical_size;
    least = Math.min(least, size);
    if (utilization > idle) left = most;
    else if (left > 0 && size - least >= growth) {
      left--;
      collect();
    }
  }, interval).unref();
}
