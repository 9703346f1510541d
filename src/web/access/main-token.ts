import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import type { Config } from '../../kernel/config.ts';
import { makeDataDirectory } from '../../kernel/data-directory.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { errorText, systemCode, VoltError } from '../../kernel/errors.ts';
import { createWhole } from '../../system/write-whole.ts';

/**
 * The main token: VOLT_TOKEN if it is set, else the content of the file `token` in the data directory, which is created if
 * it is missing.
 * @throws VoltError `data_unwritable`
 */
export function ensureToken(config: Config): string {
  if (config.token !== undefined) return config.token;
  const file = dataPaths(config.dataDir).token;
  try {
    return readToken(file) ?? createToken(config.dataDir, file);
  } catch (error) {
    throw new VoltError('data_unwritable', `the token in ${file} cannot be read or made: ${errorText(error)}`, {
      remedy: 'Give this user the right to read and write there, or set VOLT_TOKEN.',
      cause: error,
    });
  }
}

function readToken(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Processes that start together get one token. */
function createToken(dataDir: string, file: string): string {
  makeDataDirectory(dataDir);
  const token = `${randomBytes(32).toString('hex')}\n`;
  // a crash of the machine may have left an empty file
  if (!createWhole(file, token, { mode: 0o600 }) && readToken(file) === undefined) {
    rmSync(file);
    createWhole(file, token, { mode: 0o600 });
  }
  return readFileSync(file, 'utf8').trim();
}
