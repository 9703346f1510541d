/**
 * Has the main thread of this process do nothing else for a while whenever it gets SIGUSR2, and says `held` and `free`.
 * @param ms how long
 */
export function mayBeHeld(ms: number): void {
  process.on('SIGUSR2', () => {
    console.log('held');
    const until = Date.now() + ms;
    while (Date.now() < until);
    console.log('free');
  });
  console.log('ready');
}
