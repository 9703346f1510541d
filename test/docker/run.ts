import { spawn } from 'node:child_process';

interface RunOptions {
  env?: Record<string, string>;
  /** its standard input */
  input?: string;
  /** timeout in milliseconds, which counts as a failure; by default ten minutes */
  timeout?: number;
}

/**
 * Runs a program until it ends.
 * @returns its standard output, trimmed
 * @throws Error with both outputs if the exit code is not 0
 */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const child = spawn(file, args, {
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeout ?? 600_000,
  });
  // a program may ignore its input
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(stdout.trim());
      else reject(new Error(`${[file, ...args].join(' ')} ended with ${code ?? signal}:\n${stdout}${stderr}`));
    });
  });
}

/** Whether the program ends with exit code 0. */
export async function succeeds(file: string, args: readonly string[], options: RunOptions = {}): Promise<boolean> {
  return run(file, args, options).then(
    () => true,
    () => false,
  );
}

/** Prints what is done now, and the time since the start. */
export function step(text: string): void {
  console.log(`${process.uptime().toFixed(0).padStart(4)} s  ${text}`);
}
