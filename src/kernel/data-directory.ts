import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorText, systemCode, VoltError } from './errors.ts';

/**
 * Makes sure that the data directory is there and can be written. One that is made here is for its owner only: the
 * mirrors and the record in it hold the code of repositories that others may not be allowed to read.
 * @throws VoltError `data_unwritable`
 */
export function makeDataDirectory(folder: string): void {
  try {
    make(folder, 0o700);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new VoltError('data_unwritable', `cannot use the data directory ${folder}: ${errorText(error)}`, {
      remedy: 'Give this user the right to write there, or name another one by --data or VOLT_DATA_DIR.',
      cause: error,
    });
  }
}

/** Folder by folder: where none can be made, as below /proc, Node's own recursive way tries for ever. */
function make(folder: string, mode?: number): void {
  try {
    if (statSync(folder).isDirectory()) return;
    throw new Error(`${folder} is not a folder`);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  if (dirname(folder) !== folder) make(dirname(folder));
  try {
    mkdirSync(folder, mode);
  } catch (error) {
    // another process was first
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}
