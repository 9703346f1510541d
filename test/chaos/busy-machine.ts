import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** Processes for each core that always want it. */
const perCore = 25;
/** A run that is killed leaves them for at most so long (s). */
const longest = 60;

/** Leaves everything else on this machine next to no processor time for a while. */
export async function keepBusy(hold: () => Promise<unknown>): Promise<void> {
  const spinners = Array.from({ length: perCore * availableParallelism() }, () =>
    // whoever wants the processor at any time; the limit is of processor time, which the kernel counts
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
