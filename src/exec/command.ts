import { closeSync } from 'node:fs';
import { VoltError } from '../kernel/errors.ts';
import { sendSignal } from '../system/processes.ts';
import { pause, within } from '../system/wait.ts';
import type { CommandEnd } from './launcher.ts';
import { openOutputPipe } from './output-pipe.ts';
import type { OutputReader } from './output-reader.ts';
import type { OwnRoot } from './own-root.ts';
import type { ProcessGroup } from './process-group.ts';

/** Milliseconds that processes have to end after SIGTERM. */
const defaultGrace = 10_000;
/** A process that a command left running may keep its output open; reading ends after this many milliseconds of silence. */
const silence = 30;

export interface CommandOptions {
  processes: ProcessGroup;
  argv: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /**
   * Gets standard output and standard error, byte for byte and in order. It must copy bytes that it needs after it returns. If
   * it returns a promise, reading pauses until that resolves.
   */
  output(chunk: Buffer): void | Promise<void>;
  /** Aborting ends the command: SIGTERM to its Unix process group, then what `stubborn` says after the grace time. */
  signal: AbortSignal;
  /** milliseconds */
  grace?: number;
  /** makes the command root of a user namespace instead of the job's user */
  root?: OwnRoot | undefined;
  /** What is killed if the command does not end in time: all processes of the job, or only its Unix process group. */
  stubborn?: 'all' | 'group';
}

/**
 * Runs one command inside a process group. What the command leaves running stays until the process group is closed. A program
 * that does not exist ends with exit code 127, as in a shell.
 * @throws VoltError `tool_missing` when nothing could be started, `spawn_failed` when the process group or the folder could not
 * be entered
 */
export async function runCommand(options: CommandOptions): Promise<CommandEnd> {
  const { processes, cwd, signal } = options;
  if (signal.aborted) return { exitCode: null, signal: 'SIGTERM' };
  const line = { argv: processes.wrap(options.argv, cwd, options.root), env: processes.environment(options.env) };
  const { read: stdout, write } = await openOutputPipe();
  if (signal.aborted) {
    stdout.destroy();
    closeSync(write);
    return { exitCode: null, signal: 'SIGTERM' };
  }
  // output can arrive before the start is reported
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
  // nsenter stops together with a command that stops itself, and would then wait for ever for a process group that is gone
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

/** The error when what `ProcessGroup.wrap` puts around the command failed. */
function notBegun(complaint: string, { exitCode, signal }: CommandEnd): VoltError {
  const why = complaint.trim() || `ended with ${signal ?? `code ${exitCode}`}`;
  return new VoltError('spawn_failed', `the command was not started: ${why}`, {
    remedy: 'Check whether its folder still exists, and whether this user may enter namespaces (nsenter).',
  });
}

/** Sends SIGTERM, and kills what is left after the grace time. */
async function terminate(
  { isRunning, group }: { isRunning(): boolean; group(): number | undefined },
  processes: ProcessGroup,
  closed: Promise<void>,
  { grace, stubborn }: { grace: number; stubborn: 'all' | 'group' },
): Promise<void> {
  const until = performance.now() + grace;
  // the command starts, and leads a group, a moment after nsenter
  while (isRunning() && performance.now() < until) {
    const found = group();
    if (found !== undefined && sendSignal(-found, 'SIGTERM')) break;
    await pause(5);
  }
  const gone = await within(
    closed.then(() => true),
    grace,
  );
  if (gone) return;
  const left = stubborn === 'group' ? group() : undefined;
  if (left !== undefined) sendSignal(-left, 'SIGKILL');
  else if (stubborn === 'all') await processes.close();
}

/**
 * Resolves when the stream was silent for a while. Only moments count in which this process was awake and reading was not paused.
 * Ends after a second of such moments in any case: a process that was left running may print for ever.
 */
async function quiet(output: OutputReader): Promise<void> {
  const moments = 3;
  const most = 100;
  let silent = 0;
  let read = output.bytes;
  for (let passed = 0; silent < moments && passed < most; ) {
    await pause(silence / moments);
    if (!output.isHeldBack) passed++;
    silent = output.isHeldBack || output.bytes > read ? 0 : silent + 1;
    read = output.bytes;
  }
}
