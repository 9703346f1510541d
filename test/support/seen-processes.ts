import { readdirSync, readFileSync } from 'node:fs';

let made = 0;

/** An argument for `sleep` that distinguishes its process from every other one on this machine. */
export function longSleep(): string {
  return `86400.${process.pid}${++made}`;
}

/** The processes of this machine that have this text in their arguments, without zombies. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && argumentsOf(name).includes(text))
    .map(Number);
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
