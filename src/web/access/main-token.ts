import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Config } from '../../kernel/config.ts';
import { makeDataDirectory } from '../../kernel/data-directory.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { errorText, systemCode, VoltError } from '../../kernel/errors.ts';

/**
 * The token that whoever wants to change something must show: VOLT_TOKEN where it is set, else that of the file `token`
 * in the data directory, which is made when it is missing.
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

/** A link appears with its content and only where nothing is, so two processes that start at once get one token. */
function createToken(dataDir: string, file: string): string {
  makeDataDirectory(dataDir);
  const aside = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(aside, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(aside, file);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    // an empty file is no token: a crash of the machine may have left one
    if (readToken(file) === undefined) {
      rmSync(file);
      linkSync(aside, file);
    }
  } finally {
    rmSync(aside, { force: true });
  }
  return readFileSync(file, 'utf8').trim();
}
