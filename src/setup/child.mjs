/** Child processes of the setup. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { say } from './fault.mjs';

/** A child that shows nothing of its own is spoken of this often, in milliseconds. */
const NEWS_INTERVAL = 15_000;

/** The person, or the system, ended the setup while a child ran. Thrown so that every `finally` still tidies up. */
export class Interrupted extends Error {
  /** @param {'SIGINT' | 'SIGTERM' | 'SIGHUP'} signal */
  constructor(signal) {
    super(`ended by ${signal}`);
    this.name = 'Interrupted';
    /** By the shells' convention. */
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Runs a program to its end. A signal that arrives meanwhile is passed on, and is acted upon only when the child has
 * ended: an `apt-get` must not outlive what keeps it from starting services.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean, news?: number }} [options] `show` gives the child our
 * own streams; without it, every `news` milliseconds it is said how long the child has been at it and what it printed last
 * @returns {Promise<{ code: number, output: string }>} `output` is both its streams in order, or empty with `show`
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
  const telling = setInterval(() => {
    const last = output.trimEnd().split('\n').at(-1)?.slice(0, 100);
    const seconds = Math.round((Date.now() - begun) / 1000);
    say(`${basename(file)} goes on, ${seconds} s${last ? `: ${last}` : ''}`);
  }, news);
  if (show) clearInterval(telling);
  try {
    // after the handlers: a signal that came between the two would end us and leave the child alone
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
    clearInterval(telling);
    for (const { signal, handler } of handlers) process.off(signal, handler);
  }
}
