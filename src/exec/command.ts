import { closeSync } from 'node:fs';
import { VoltError } from '../kernel/errors.ts';
import { pause, within } from '../system/wait.ts';
import type { CommandEnd } from './launcher.ts';
import { openOutputPipe } from './output-pipe.ts';
import type { OutputReader } from './output-reader.ts';
import type { ProcessGroup } from './process-group.ts';

/** After TERM, processes have this long (milliseconds) to end by themselves. */
const defaultGrace = 10_000;
/** A command may leave something behind that holds its output open; reading goes on until this long a silence (ms). */
const silence = 30;

export interface CommandOptions {
  processes: ProcessGroup;
  argv: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /**
   * Standard output and standard error, byte for byte and in order. The bytes are good until it returns: whoever keeps
   * them copies them. A promise that it returns holds reading back.
   */
  output(chunk: Buffer): void | Promise<void>;
  /** Aborting ends the command: TERM to its process group, and after the grace time what `stubborn` says. */
  signal: AbortSignal;
  /** milliseconds */
  grace?: number;
  /** What is killed when it does not end in time: the whole process group, or its process group where others go on after it. */
  stubborn?: 'all' | 'group';
}

/**
 * Runs one command inside a process group. What it leaves running stays, until the process group is closed. A program that is not there
 * ends as the shell says it, with exit code 127.
 * @throws VoltError `tool_missing` when nothing could be started, `spawn_failed` when the command itself was not, because
 * its process group or its folder could not be entered
 */
export async function runCommand(options: CommandOptions): Promise<CommandEnd> {
  const { processes, cwd, signal } = options;
  if (signal.aborted) return { exitCode: null, signal: 'SIGTERM' };
  const line = { argv: processes.wrap(options.argv, cwd), env: processes.environment(options.env) };
  const { read: stdout, write } = await openOutputPipe();
  if (signal.aborted) {
    stdout.destroy();
    closeSync(write);
    return { exitCode: null, signal: 'SIGTERM' };
  }
  // it may print before it is known here that it was started
  stdout.onOutput(options.output);
  const running = await processes.launcher
    .run(line, write)
    .catch((error) => {
      stdout.destroy();
      throw error;
    })
    .finally(() => closeSync(write));
  let isRunning = true;
  const ended = running.ended.finally(() => {
    isRunning = false;
  });
  // nsenter stops with a command that stops itself, and would wait for ever for what has gone with the process group
  void processes.ended.then(() => isRunning && running.kill());
  const target = { isRunning: () => isRunning, group: () => (isRunning ? processes.groupOf(running.pid) : undefined) };
  const { grace = defaultGrace, stubborn = 'all' } = options;
  const abort = () => void terminate(target, processes, stdout.closed, { grace, stubborn });
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    const { began, complaint, ...end } = await ended;
    if (!began && !signal.aborted && processes.alive) throw notBegun(complaint, end);
    const patient = signal.aborted && stubborn === 'all';
    await (patient ? stdout.closed : Promise.race([stdout.closed, quiet(stdout)]));
    stdout.handOn();
    return end;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Tells the command from what Volt puts around it, see `ProcessGroup.wrap`. */
function notBegun(complaint: string, { exitCode, signal }: CommandEnd): VoltError {
  const why = complaint.trim() || `ended with ${signal ?? `code ${exitCode}`}`;
  return new VoltError('spawn_failed', `the command was not started: ${why}`, {
    remedy: 'See whether its folder is still there, and whether this user may enter namespaces (nsenter).',
  });
}

/** TERM first; what is left after the grace time is killed. */
async function terminate(
  { isRunning, group }: { isRunning(): boolean; group(): number | undefined },
  processes: ProcessGroup,
  closed: Promise<void>,
  { grace, stubborn }: { grace: number; stubborn: 'all' | 'group' },
): Promise<void> {
  const until = performance.now() + grace;
  // the command itself appears a moment after nsenter
  while (isRunning() && performance.now() < until) {
    const found = group();
    if (found !== undefined && signalGroup(found, 'SIGTERM')) break;
    await pause(5);
  }
  const gone = await within(
    closed.then(() => true),
    grace,
  );
  if (gone) return;
  const left = stubborn === 'group' ? group() : undefined;
  if (left !== undefined) signalGroup(left, 'SIGKILL');
  else if (stubborn === 'all') await processes.close();
}

function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    // not a group's leader yet, or already gone
    return false;
  }
}

/**
 * Resolves when the stream has been silent for a while. Moments are counted in which it could have been heard: time
 * that this process slept through, or in which reading was held back, is no silence. A second of them is enough in any
 * case: what was left running may talk for ever.
 */
async function quiet(output: OutputReader): Promise<void> {
  const moments = 3;
  const most = 100;
  let silent = 0;
  let heard = output.bytes;
  for (let passed = 0; silent < moments && passed < most; ) {
    await pause(silence / moments);
    if (!output.isHeldBack) passed++;
    silent = output.isHeldBack || output.bytes > heard ? 0 : silent + 1;
    heard = output.bytes;
  }
}
