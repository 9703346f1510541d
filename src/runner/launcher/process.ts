import { closeSync, constants, fstatSync, openSync, readdirSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type Launched, ownLauncher, type Supervisor } from '../../exec/launcher.ts';
import { ownRunner } from '../../git/command/runner.ts';
import { sinceBoot } from '../../system/clock.ts';
import { removeContested, removeTree } from '../../system/remove-tree.ts';
import { sent } from '../../system/sent-error.ts';
import { type Answer, heartbeatsDescriptor, type OpenPipe, type Request, ready } from './messages.ts';

/**
 * The process of launcher-process.ts. It ends with its parent, and with it all programs that it has started, see
 * `ProcessGroup`. Signals from the terminal, or to all processes of a service, are for the parent to handle.
 */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (request: Request) => {
  serve(request).catch((error) => answer({ id: request.id, kind: 'failed', error: sent(error) }));
});
// the channel keeps this process alive; it may be closed before any heartbeat comes
const beats = new Socket({ fd: heartbeatsDescriptor, writable: false }).unref();
createInterface({ input: beats }).on('line', (line) => {
  const [id, text = '', at] = line.split(' ');
  writeTo(Number(id), text, Number(at));
});
if (maySeePipes()) process.send?.(ready, () => undefined);
else process.exit();

/**
 * Milliseconds after which a heartbeat for a supervisor is dropped: it says how much of the lease is left, and by then
 * that is too much. The next one comes within a second.
 */
const longestDelay = 500;

/** running programs, by the id of their request */
const programs = new Map<number, Pick<Launched, 'kill'> & Partial<Pick<Supervisor, 'write' | 'release'>>>();

async function serve(request: Request): Promise<void> {
  const { id } = request;
  if (request.kind === 'write') {
    writeTo(id, request.text, request.at);
  } else if (request.kind === 'release') programs.get(id)?.release?.();
  else if (request.kind === 'kill') {
    programs.get(id)?.kill();
    answer({ id, kind: 'heard' });
  } else await begin(request).finally(() => programs.delete(id));
}

function writeTo(id: number, text: string, at: number): void {
  if (sinceBoot() - at <= longestDelay) programs.get(id)?.write?.(text);
}

async function begin(request: Extract<Request, { kind: 'hold' | 'run' | 'git' | 'remove' }>): Promise<void> {
  const { id } = request;
  if (request.kind === 'hold') {
    const supervisor = await ownLauncher.hold(request.line);
    programs.set(id, supervisor);
    answer({ id, kind: 'started', pid: supervisor.pid });
    answer({ id, kind: 'supervisorEnded', code: await supervisor.ended });
  } else if (request.kind === 'run') {
    const output = openPipe(request.pipe);
    const running = await ownLauncher.run(request.line, output).finally(() => closeSync(output));
    programs.set(id, running);
    answer({ id, kind: 'started', pid: running.pid });
    answer({ id, kind: 'lineEnded', end: await running.ended });
  } else if (request.kind === 'remove') {
    await (request.contested ? removeContested(request.path) : removeTree(request.path));
    answer({ id, kind: 'removed' });
  } else {
    const ending = new AbortController();
    programs.set(id, { kill: () => ending.abort() });
    const forward = (kind: 'progress' | 'warning') => (line: string) => answer({ id, kind, line });
    const hearer = {
      signal: ending.signal,
      ...(request.progress && { progress: forward('progress') }),
      ...(request.warning && { warning: forward('warning') }),
    };
    answer({ id, kind: 'printed', text: await ownRunner(request.command, hearer) });
  }
}

/** Whether this process may open what its parent has open; a rule of the system may forbid it. */
function maySeePipes(): boolean {
  try {
    readdirSync(`/proc/${process.ppid}/fd`);
    return true;
  } catch {
    return false;
  }
}

/** @throws Error if another socket has this path by now: the caller has given up */
function openPipe({ path, dev, ino }: OpenPipe): number {
  const output = openSync(path, constants.O_WRONLY);
  const found = fstatSync(output);
  if (found.isFIFO() && found.dev === dev && found.ino === ino) return output;
  closeSync(output);
  throw new Error(`${path} is no longer the same pipe`);
}

function answer(message: Answer): void {
  // if the parent is gone, this process ends at once
  process.send?.(message, () => undefined);
}
