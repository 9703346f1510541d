/** Loaded before a program: at SIGUSR2 it collects garbage and writes the size of the heap, in bytes, to a file. */
import { renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const file = `${process.env.SOAK_HEAP}.${process.pid}`;
  process.on('SIGUSR2', () => {
    collect();
    writeFileSync(`${file}.new`, String(process.memoryUsage().heapUsed));
    renameSync(`${file}.new`, file);
  });
}
