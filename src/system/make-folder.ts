import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from './error-text.ts';

/**
 * Makes a folder and those above it, one by one: where none can be made, as below /proc, Node's recursive mkdir tries for ever.
 * @param mode of the folder itself when it is made here; those above get the usual one
 * @throws system errors; Error where the path is a file
 */
export function makeFolder(path: string, mode?: number): void {
  try {
    if (statSync(path).isDirectory()) return;
    throw new Error(`${path} is not a folder`);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, mode);
  } catch (error) {
    // another process was first
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}
