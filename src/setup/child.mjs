/** Child processes of the setup. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { say } from './fault.mjs';

/** How often a line reports on a child whose output is not shown, in milliseconds. */
const NEWS_INTERVAL = 15_000;

/** A signal ended the setup while a child ran. Thrown so that every `finally` still cleans up. */
export class Interrupted extends Error {
  /** @param {'SIGINT' | 'SIGTERM' | 'SIGHUP'} signal */
  constructor(signal) {
    super(`ended by ${signal}`);
    this.name = 'Interrupted';
    /** as shells do */
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Runs a program to its end. A signal is passed on to the child, and ends the setup only after the child: the policy that keeps
 * services from starting must stay until `apt-get` has ended.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean, news?: number }} [options] `show` gives the child the setup's
 * own streams; without it, a line every `news` milliseconds says how long the child has run and what it printed last
 * @returns {Promise<{ code: number, output: string }>} `output` is that of both streams in order; empty with `show`
 * @throws {Interrupted}
 */
export async function run(file, args, { cwd, env = process.env, show = false, news = NEWS_INTERVAL } = {}) {
  /** @type {'SIGINT' | 'SIGTERM' | 'SIGHUP' | undefined} */
  let interruption;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child;
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  const handlers = signals.map((signal) => {
    const handler = () => {
      interruption ??= signal;
      child?.kill(signal);
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  let output = '';
  const begun = Date.now();
  const reports = setInterval(() => {
    const last = output.trimEnd().split('\n').at(-1)?.slice(0, 100);
    const seconds = Math.round((Date.now() - begun) / 1000);
    say(`${basename(file)} is still running after ${seconds} s${last ? `: ${last}` : ''}`);
  }, news);
  if (show) clearInterval(reports);
  try {
    // after the handlers: without them a signal would end the setup and leave the child running
    const started = spawn(file, args, { cwd, env, stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'] });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    const code = await new Promise((resolve, reject) => {
      started.on('error', reject);
      started.on('close', (status, signal) => resolve(status ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
    if (interruption) throw new Interrupted(interruption);
    return { code, output };
  } finally {
    clearInterval(reports);
    for (const { signal, handler } of handlers) process.off(signal, handler);
  }
}
