import { setImmediate } from 'node:timers/promises';

/**
 * Does something and measures the longest time that it blocks the event loop, in processor time of this process, so
 * that other programs on the machine do not count.
 * @returns milliseconds
 */
export async function longestBlock(work: () => unknown): Promise<number> {
  let longest = 0;
  let isDone = false;
  const watch = (async () => {
    for (let before = process.cpuUsage(); !isDone; before = process.cpuUsage()) {
      await setImmediate();
      const { user, system } = process.cpuUsage(before);
      longest = Math.max(longest, (user + system) / 1000);
    }
  })();
  // so that it also measures the first turn of the loop
  await setImmediate();
  try {
    await work();
  } finally {
    await setImmediate();
    isDone = true;
    await watch;
  }
  return longest;
}

/** Processor time, in milliseconds, that this machine takes for work of ten milliseconds on a usual machine. */
export function tenMilliseconds(): number {
  const once = () => {
    const before = process.cpuUsage();
    const counts = new Map<string, number>();
    for (let count = 0; count < 400_000; count++) {
      const key = `${count % 977}`;
      counts.set(key, (counts.get(key) ?? 0) + key.length);
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  return [once(), once(), once(), once(), once()].sort((a, b) => a - b)[2] as number;
}
