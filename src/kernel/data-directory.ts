import { accessSync, constants } from 'node:fs';
import { makeFolder } from '../system/make-folder.ts';
import { errorText, VoltError } from './errors.ts';

/**
 * Makes the data directory unless it exists, and checks that this user can write to it. A new one is for its owner only: its
 * mirrors and database hold the code of repositories that others may not be allowed to read.
 * @throws VoltError `data_unwritable`
 */
export function makeDataDirectory(folder: string): void {
  try {
    makeFolder(folder, 0o700);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new VoltError('data_unwritable', `cannot use the data directory ${folder}: ${errorText(error)}`, {
      remedy: 'Let this user write there, or choose another data directory with --data or VOLT_DATA_DIR.',
      cause: error,
    });
  }
}
