/**
 * One setup at a time in one checkout: two `npm ci` in one folder destroy each other's work. The lock is a file whose
 * owner touches it every second. An owner that was killed is recognised by a file that is no longer touched and a
 * process that is gone; a stopped (Ctrl-Z) owner keeps its lock. A process id alone would not do: it may be in use
 * again, or belong to another container that shares the checkout.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError, say } from './fault.mjs';

const TOUCH_MS = 1_000;
const STALE_MS = 5_000;
const RETRY_MS = 100;

/**
 * Runs `work` while no other setup works in this checkout.
 *
 * @template T
 * @param {string} file the lock's path
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 * @throws {SetupError} when the lock cannot be written
 */
export async function withLock(file, work) {
  const mine = `${process.pid} ${randomBytes(8).toString('hex')}\n`;
  let told = false;
  while (!take(file, mine)) {
    if (isStale(file)) removeStale(file);
    else {
      if (!told) say(`waiting for another setup in this checkout (process ${Number.parseInt(read(file), 10)})`);
      told = true;
      await sleep(RETRY_MS);
    }
  }
  const touching = setInterval(() => touch(file), TOUCH_MS);
  try {
    return await work();
  } finally {
    clearInterval(touching);
    if (read(file) === mine) rmSync(file, { force: true });
  }
}

/**
 * @param {string} file
 * @param {string} mine
 */
function take(file, mine) {
  try {
    writeFileSync(file, mine, { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw new SetupError(
      'checkout_readonly',
      `this checkout is to be set up, and cannot be written to: ${error instanceof Error ? error.message : error}`,
      'start Volt once as the owner of the folder, or make it writable for you',
    );
  }
}

/** @param {string} file */
function isStale(file) {
  try {
    if (Date.now() - statSync(file).mtimeMs < STALE_MS) return false;
    const owner = Number.parseInt(read(file), 10);
    return !(owner > 0) || !isAlive(owner);
  } catch {
    return false;
  }
}

/**
 * Two waiters may find the same lock stale; the slower one must not remove the faster one's new lock. It moves the
 * file away first and looks at what it has got.
 * @param {string} file
 */
function removeStale(file) {
  const stale = read(file);
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (read(aside) === stale) rmSync(aside);
    else renameSync(aside, file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** @param {string} file */
function touch(file) {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch {
    // The lock was taken from us after a long standstill; the work itself is harmless to repeat.
  }
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
