import { readdirSync, readFileSync } from 'node:fs';
import { argumentsOf, startedBy } from '../support/seen-processes.ts';

/**
 * Processes with the folder as their TMPDIR: everything that a member of the fleet has started, directly or indirectly.
 * @param known ids of expected processes
 * @returns `pid command` of the others
 */
export function leftBehind(marker: string, known: ReadonlySet<number | undefined>): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && !known.has(Number(name)))
    .flatMap((pid) => {
      const environment = read(`/proc/${pid}/environ`).split('\0');
      return environment.includes(`TMPDIR=${marker}`)
        ? [`${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()}`]
        : [];
    });
}

/**
 * The process that ends the containers of a runner, if it has one.
 * @param socket of the engine
 */
export function keeperOf(runner: number | undefined, socket: string): number | undefined {
  if (runner === undefined) return undefined;
  return startedBy(runner, 'node').find((pid) => argumentsOf(pid).some((argument) => argument.includes(socket)));
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
