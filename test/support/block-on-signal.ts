/**
 * Blocks the main thread of this process for a while at each SIGUSR2, and prints `held` and `free`. It waits instead of
 * being busy, for the sake of the tests beside it.
 * @param ms how long
 */
export function blockOnSignal(ms: number): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  process.on('SIGUSR2', () => {
    console.log('held');
    Atomics.wait(never, 0, 0, ms);
    console.log('free');
  });
  console.log('ready');
}
