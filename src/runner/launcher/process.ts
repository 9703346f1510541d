import { closeSync, constants, fstatSync, openSync, readdirSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type Launched, ownLauncher, type Supervisor } from '../../exec/launcher.ts';
import { ownRunner } from '../../git/command.ts';
import { sinceBoot } from '../../system/clock.ts';
import { removeContested, removeTree } from '../../system/remove-tree.ts';
import { sent } from '../../system/sent-error.ts';
import { type Answer, beatsDescriptor, type OpenPipe, type Request, ready } from './messages.ts';

/**
 * The process of launcher.ts. It ends with the one that has started it, and with it all that it holds: see `ProcessGroup`. What is
 * typed at a terminal, or sent to all processes of a service, is for the other one to act upon.
 */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (request: Request) => {
  serve(request).catch((error) => answer({ id: request.id, kind: 'failed', error: sent(error) }));
});
// it is for the channel to keep this process, which may be closed before anybody hears of it
const beats = new Socket({ fd: beatsDescriptor, writable: false }).unref();
createInterface({ input: beats }).on('line', (line) => {
  const [id, text = '', at] = line.split(' ');
  writeTo(Number(id), text, Number(at));
});
if (maySeePipes()) process.send?.(ready, () => undefined);
else process.exit();

/**
 * A word for a process group's holder says what is left of its lease from now. One that has been on its way for longer (ms) says too
 * much; the next comes within a second.
 */
const longestDelay = 500;

/** what can be written to and killed, by the id of its request */
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
    answer({ id, kind: 'holderEnded', code: await supervisor.ended });
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
    const tell = (kind: 'progress' | 'warning') => (line: string) => answer({ id, kind, line });
    const hearer = {
      signal: ending.signal,
      ...(request.progress && { progress: tell('progress') }),
      ...(request.warning && { warning: tell('warning') }),
    };
    answer({ id, kind: 'printed', text: await ownRunner(request.command, hearer) });
  }
}

/** What the other process has open can be opened here, unless a rule of the system forbids it. */
function maySeePipes(): boolean {
  try {
    readdirSync(`/proc/${process.ppid}/fd`);
    return true;
  } catch {
    return false;
  }
}

/** @throws Error where something else is there by now, since whoever asked has given it up */
function openPipe({ path, dev, ino }: OpenPipe): number {
  const output = openSync(path, constants.O_WRONLY);
  const found = fstatSync(output);
  if (found.isFIFO() && found.dev === dev && found.ino === ino) return output;
  closeSync(output);
  throw new Error(`${path} is not the pipe any more that it was`);
}

function answer(message: Answer): void {
  // whoever asked may be gone; then this process ends at once
  process.send?.(message, () => undefined);
}
