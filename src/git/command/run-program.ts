import { type ChildProcessWithoutNullStreams as Child, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/** Bytes of its messages that are kept, from their end. */
const mostMessages = 100_000;
/**
 * Milliseconds that a program has to end by itself before it is killed, since git removes what it has begun; and that its
 * children have to close its output after it has ended.
 */
const grace = 5000;

export interface ProgramOptions {
  cwd: string;
  env: Record<string, string>;
  /** ends the program */
  signal: AbortSignal;
  /** milliseconds without output after which the program is ended; missing for no limit */
  silence?: number;
  /** a descriptor of this process that the program inherits, as its descriptor 3 */
  descriptor?: number | undefined;
}

export interface ProgramListener {
  output(chunk: Buffer, program: { stdin: Writable; end(): void }): void;
  /** its standard error */
  messages?(chunk: Buffer): void;
  /** is given the program's input; without it, the program has none */
  started?(stdin: Writable): void;
}

/**
 * Runs a program. Settles when it has ended and its children have closed its output.
 * @returns its exit code, null where a signal has ended it, and its messages
 * @throws Error where it cannot be started, has been silent for too long, or was ended by the signal
 */
export async function runProgram(
  [program = '', ...args]: readonly string[],
  { cwd, env, signal, silence, descriptor }: ProgramOptions,
  { output, messages, started }: ProgramListener,
): Promise<{ code: number | null; messages: string }> {
  signal.throwIfAborted();
  const inherited = descriptor === undefined ? [] : [descriptor];
  const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe', ...inherited] }) as Child;
  let said = '';
  let why: string | undefined;
  let last: NodeJS.Timeout | undefined;
  const finish = () => {
    child.kill('SIGKILL');
    // what the program has started may have kept them open
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const end = (reason?: string) => {
    why ??= reason;
    child.kill();
    last ??= setTimeout(finish, grace);
  };
  child.on('exit', () => {
    last ??= setTimeout(finish, grace);
  });
  const abort = () => end('it was ended');
  const quiet = silence === undefined ? undefined : setTimeout(() => end('block timeout reached'), silence);
  signal.addEventListener('abort', abort);
  child.stdout.on('data', (chunk: Buffer) => {
    quiet?.refresh();
    output(chunk, { stdin: child.stdin, end });
  });
  child.stderr.on('data', (chunk: Buffer) => {
    quiet?.refresh();
    messages?.(chunk);
    said = (said + chunk.toString()).slice(-mostMessages);
  });
  // it may have closed its input
  child.stdin.on('error', () => undefined);
  if (started) started(child.stdin);
  else child.stdin.end();
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    if (why !== undefined) throw new Error(why);
    return { code, messages: said };
  } finally {
    signal.removeEventListener('abort', abort);
    clearTimeout(quiet);
    clearTimeout(last);
  }
}

/** @throws Error with the program's messages */
export function failed({ code, messages }: { code: number | null; messages: string }): never {
  if (code === null) throw new Error(`${messages}\ngit was killed by a signal`);
  throw new Error(messages.trim() || `it ended with ${code}`);
}
