import { closeSync, openSync } from 'node:fs';
import { type Holder, ownStarter, type Running } from '../../exec/starter.ts';
import { ownRunner } from '../../git/command.ts';
import { errorText, systemCode, VoltError } from '../../kernel/errors.ts';
import { removeContested, removeTree } from '../../kernel/remove-tree.ts';
import { type Answer, type Request, ready, type SentError } from './messages.ts';

/**
 * The process of spawner.ts. It ends with the one that has started it, and with it all that it holds: see `Scope`. What is
 * typed at a terminal, or sent to all processes of a service, is for the other one to act upon.
 */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (request: Request) => {
  serve(request).catch((error) => answer({ id: request.id, kind: 'failed', error: sent(error) }));
});
process.send?.(ready);

/** what can be written to and killed, by the id of its request */
const programs = new Map<number, Pick<Running, 'kill'> & Partial<Pick<Holder, 'write' | 'release'>>>();

async function serve(request: Request): Promise<void> {
  const { id } = request;
  if (request.kind === 'write') programs.get(id)?.write?.(request.text);
  else if (request.kind === 'release') programs.get(id)?.release?.();
  else if (request.kind === 'kill') programs.get(id)?.kill();
  else await begin(request).finally(() => programs.delete(id));
}

async function begin(request: Extract<Request, { kind: 'hold' | 'run' | 'git' | 'remove' }>): Promise<void> {
  const { id } = request;
  if (request.kind === 'hold') {
    const holder = await ownStarter.hold(request.line);
    programs.set(id, holder);
    answer({ id, kind: 'started', pid: holder.pid });
    answer({ id, kind: 'holderEnded', code: await holder.ended });
  } else if (request.kind === 'run') {
    const output = openSync(request.output, 'w');
    const running = await ownStarter.run(request.line, output).finally(() => closeSync(output));
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

function answer(message: Answer): void {
  // whoever asked may be gone; then this process ends at once
  process.send?.(message, () => undefined);
}

function sent(error: unknown): SentError {
  const message = errorText(error);
  if (error instanceof VoltError) return { code: error.code, message, remedy: error.remedy };
  return { code: systemCode(error), message };
}
