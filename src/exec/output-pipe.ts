import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../system/run-program.ts';
import { OutputReader } from './output-reader.ts';
import { programPath } from './programs.ts';

/** Pipes that are made at a time: making them takes a process. */
const madeAtOnce = 32;

interface Ends {
  read: number;
  write: number;
}

const spare: Ends[] = [];
let making: Promise<void> | undefined;

/** A pipe for the output of one command. */
export interface OutputPipe {
  read: OutputReader;
  /** descriptor that the command gets; to be closed here once it has it */
  write: number;
}

/**
 * A pipe of the system's. What Node calls so is a pair of sockets, and those cannot be opened by name: `echo >/dev/stderr`
 * and `tee /dev/stdout`, as in many scripts, would fail. Node makes no other, but opens those that are files (mkfifo(3)).
 */
export async function openOutputPipe(): Promise<OutputPipe> {
  for (;;) {
    const ends = spare.pop();
    if (ends) return { read: new OutputReader(ends.read), write: ends.write };
    making ??= make().finally(() => {
      making = undefined;
    });
    await making;
  }
}

/** They have no names any more once they are open. */
async function make(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'volt-pipes-'));
  try {
    const paths = Array.from({ length: madeAtOnce }, (_, index) => join(folder, String(index)));
    // who runs the command may be another user, and opens them anew
    await runProgram(programPath('mkfifo'), ['-m', '666', ...paths]);
    for (const path of paths) {
      // without a reader, the other end could not be opened
      const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        spare.push({ read, write: openSync(path, constants.O_WRONLY) });
      } catch (error) {
        closeSync(read);
        throw error;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
