/**
 * One setup at a time in one checkout: two `npm ci` in one folder destroy each other's work. The lock is a file that its
 * owner touches every second. The lock is stale when nobody touches it and its owner's process is gone; a stopped (Ctrl-Z)
 * owner keeps it. The process id alone is not enough: another process, also in another container, may have the same one.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError, say } from './fault.mjs';

const TOUCH_MS = 1_000;
const STALE_MS = 5_000;
const RETRY_MS = 100;

/**
 * Runs `work` while no other setup runs in this checkout.
 *
 * @template T
 * @param {string} file the lock's path
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 * @throws {SetupError} when the lock cannot be written
 */
export async function withLock(file, work) {
  const mine = `${process.pid} ${randomBytes(8).toString('hex')}\n`;
  let reported = false;
  while (!take(file, mine)) {
    if (isStale(file)) removeStale(file);
    else {
      if (!reported) say(`waiting for another setup in this checkout (process ${Number.parseInt(read(file), 10)})`);
      reported = true;
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
      `the setup cannot write to this checkout: ${error instanceof Error ? error.message : error}`,
      'start Volt once as the owner of the folder, or make the folder writable for you',
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
 * Two waiters may find the same lock stale; the slower one must not remove the new lock of the faster one. So it moves the
 * file away first, and puts it back unless it is the stale one.
 * @param {string} file
 */
function removeStale(file) {
  const stale = read(file);
  const moved = `${file}.${process.pid}`;
  try {
    renameSync(file, moved);
    if (read(moved) === stale) rmSync(moved);
    else renameSync(moved, file);
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
    // another setup took the lock after a long standstill of this one; doing the work twice is harmless
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
