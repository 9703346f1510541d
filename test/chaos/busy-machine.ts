import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** Busy processes for each core. */
const perCore = 25;
/** If the run is killed, they end after at most so long (s). */
const longest = 60;

/** Leaves next to no processor time for everything else on this machine for a while. */
export async function keepBusy(hold: () => Promise<unknown>): Promise<void> {
  const spinners = Array.from({ length: perCore * availableParallelism() }, () =>
    // loops that never sleep; the kernel's limit of processor time ends them
    spawn('bash', ['-c', `ulimit -t ${longest}; while :; do :; done`], { stdio: 'ignore' }),
  );
  try {
    await hold();
  } finally {
    await Promise.all(spinners.map(end));
  }
}

async function end(spinner: ChildProcess): Promise<void> {
  if (spinner.exitCode !== null || spinner.signalCode !== null) return;
  spinner.kill('SIGKILL');
  await once(spinner, 'exit');
}
