import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../system/run-program.ts';
import { OutputReader } from './output-reader.ts';
import { programPath } from './programs.ts';

/** Pipes that one process makes at a time. */
const madeAtOnce = 32;

interface Ends {
  read: number;
  write: number;
}

const spare: Ends[] = [];
let making: Promise<void> | undefined;

export interface OutputPipe {
  read: OutputReader;
  /** descriptor for the command; the caller closes it once the command is started */
  write: number;
}

/**
 * Opens a real pipe. Node's "pipes" are pairs of sockets, which cannot be opened by name, so `echo >/dev/stderr` and
 * `tee /dev/stdout` in scripts would fail. Node cannot make pipes, but it can open those that are files (mkfifo(3)).
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

/** Makes pipes and removes their names once they are open. */
async function make(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'volt-pipes-'));
  try {
    const paths = Array.from({ length: madeAtOnce }, (_, index) => join(folder, String(index)));
    // the command may run as another user and open them again
    await runProgram(programPath('mkfifo'), ['-m', '666', ...paths]);
    for (const path of paths) {
      // the other end opens only when there is a reader
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
