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
  const descriptor = openUntrusted(root, file);
  try {
    const { size } = fstatSync(descriptor);
    if (size > limit) throw new StepFault(`${file} is larger than ${Math.round(limit / 1024)} kB`);
    const buffer = Buffer.alloc(size);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, size, 0)).toString();
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Opens such a file.
 * @returns a descriptor for reading
 * @throws as `readUntrusted`
 */
export function openUntrusted(root: string, file: string): number {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!pathOf(descriptor, file).startsWith(`${realpathSync(root)}${sep}`)) {
      throw new StepFault(`${file} leads out of its folder`);
    }
    if (!fstatSync(descriptor).isFile()) throw new StepFault(`${file} is no file`);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Where an open file really is: what its path leads to may have changed since it was opened. */
function pathOf(descriptor: number, file: string): string {
  return process.platform === 'linux' ? readlinkSync(`/proc/self/fd/${descriptor}`) : realpathSync(file);
}
