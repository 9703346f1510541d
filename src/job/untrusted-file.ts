import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { StepFault } from './steps/fault.ts';

/**
 * Reads a file that a job may have made. The job could have put a link there to something that it must not read but we
 * may, or a pipe that never ends.
 * @param root folder that the file, links resolved, must be in
 * @param limit bytes
 * @throws StepFault where it is no ordinary file inside, or larger; system errors such as ENOENT as they are
 */
export function readUntrusted(root: string, file: string, limit: number): string {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!pathOf(descriptor, file).startsWith(`${realpathSync(root)}${sep}`)) {
      throw new StepFault(`${file} leads out of its folder`);
    }
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw new StepFault(`${file} is no file`);
    if (found.size > limit) throw new StepFault(`${file} is larger than ${Math.round(limit / 1024)} kB`);
    const buffer = Buffer.alloc(found.size);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, found.size, 0)).toString();
  } finally {
    closeSync(descriptor);
  }
}

/** Where an open file really is: what its path leads to may have changed since it was opened. */
function pathOf(descriptor: number, file: string): string {
  return process.platform === 'linux' ? readlinkSync(`/proc/self/fd/${descriptor}`) : realpathSync(file);
}
