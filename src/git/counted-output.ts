import { spawn } from 'node:child_process';

export interface OutputCount {
  /** that a zero ends */
  entries: number;
  bytes: number;
}

const longestWords = 4000;

/**
 * Runs a command and counts what it prints, which may be more than anybody could keep.
 * @param most from which on it is ended
 * @returns `<entries> <bytes>`
 * @throws Error with what it says, where it fails
 */
export async function countOutput(
  [program = '', ...args]: readonly string[],
  most: OutputCount,
  { cwd, env, signal }: { cwd: string; env: Record<string, string>; signal: AbortSignal },
): Promise<string> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], signal });
  let [entries, bytes, words, ended] = [0, 0, '', false];
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    for (let at = chunk.indexOf(0); at >= 0; at = chunk.indexOf(0, at + 1)) entries++;
    if (entries <= most.entries && bytes <= most.bytes) return;
    ended = true;
    child.kill('SIGKILL');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-longestWords);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0 || ended) resolve(`${entries} ${bytes}`);
      else reject(new Error(words.trim() || `it ended with ${code}`));
    });
  });
}
