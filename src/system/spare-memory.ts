import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Milliseconds between checks. */
const interval = 5000;
/** The largest share of busy time with which a process counts as idle. */
const idle = 0.2;
/** Growth of the heap in bytes from which a collection is worthwhile. */
const growth = 6 * 1_048_576;
/** Collections until the heap is as small as possible; one alone may leave pages that are hardly used. */
const most = 3;

/**
 * Returns memory to the system when this process becomes idle after a busy time. V8 does that only after a collection of the whole
 * heap, which may not happen for hours in a process that hardly allocates. Runs until the process ends, without keeping it
 * alive.
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
