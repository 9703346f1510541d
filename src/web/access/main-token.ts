import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Config } from '../../kernel/config.ts';
import { makeDataDirectory } from '../../kernel/data-directory.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { errorText, systemCode, VoltError } from '../../kernel/errors.ts';

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

/** A hard link appears with its content and never replaces a file, so two processes that start together get one token. */
function createToken(dataDir: string, file: string): string {
  makeDataDirectory(dataDir);
  const aside = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(aside, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(aside, file);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    // a crash of the machine may have left an empty file
    if (readToken(file) === undefined) {
      rmSync(file);
      linkSync(aside, file);
    }
  } finally {
    rmSync(aside, { force: true });
  }
  return readFileSync(file, 'utf8').trim();
}
