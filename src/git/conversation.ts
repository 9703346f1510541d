import { spawn } from 'node:child_process';

/** Bytes of what a program says beside that are kept. */
const mostWords = 100_000;

/** How a program answers that knows only an older protocol of git's, see `fallback` in gitremote-helpers(7). */
const ofOlder = /^(fallback\n|[0-9a-f]{44} )/;

/** What is said to a program that waits for it. */
export interface Conversation {
  /** what is said to it, each when it has begun to answer to the one before: git's helpers read ahead, and lose that */
  input: readonly string[];
  /** the program with its arguments, where it is another one than git */
  line?: readonly string[] | undefined;
}

/**
 * Runs a program and says something to it.
 * @param silence milliseconds without a word from it after which it is ended
 * @param count is told of the bytes of its answer
 * @returns what it answers, also where it is too old to understand
 * @throws Error with what it says beside, where it fails
 */
export async function converse(
  [program = '', ...args]: readonly string[],
  input: readonly string[],
  { cwd, env, silence, signal }: { cwd: string; env: Record<string, string>; silence: number; signal: AbortSignal },
  count: (bytes: number) => void,
): Promise<string> {
  const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], signal });
  const said: Buffer[] = [];
  let words = '';
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(), silence);
  child.stdout.on('data', (chunk: Buffer) => {
    timer.refresh();
    count(chunk.length);
    said.push(chunk);
    say();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    timer.refresh();
    words = (words + chunk.toString()).slice(-mostWords);
  });
  // it may have ended by then
  child.stdin.on('error', () => undefined);
  const rest = [...input];
  const say = () => {
    const next = rest.shift();
    if (next === undefined) return;
    if (rest.length === 0) child.stdin.end(next);
    else child.stdin.write(next);
  };
  say();
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      silent.signal.addEventListener('abort', () => {
        child.kill('SIGKILL');
        reject(new Error('block timeout reached'));
      });
      child.on('close', (code) => {
        const answer = Buffer.concat(said).toString();
        if (code === 0 || ofOlder.test(answer)) resolve(answer);
        else if (code === null) reject(new Error(`${words}\ngit was killed by a signal`));
        else reject(new Error(words.trim() || `it ended with ${code}`));
      });
    });
  } finally {
    clearTimeout(timer);
  }
}
