/**
 * Blocks the main thread of this process for a while at each SIGUSR2, and prints `held` and `free`.
 * @param ms how long
 */
export function blockOnSignal(ms: number): void {
  process.on('SIGUSR2', () => {
    console.log('held');
    const until = Date.now() + ms;
    while (Date.now() < until);
    console.log('free');
  });
  console.log('ready');
}
