import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { errorText, systemCode, VoltError } from '../kernel/errors.ts';
import { userSettings } from '../system/environment.ts';
import { writeWhole } from '../system/write-whole.ts';

/**
 * The tokens that `volt login` got, in the user's folder for settings: a file for each Volt, named by its address, which nobody
 * else may read.
 */

const login = z.object({ url: z.url(), name: z.string(), token: z.string().min(1) });
/** A Volt at which the user is signed in. */
export type Login = z.output<typeof login>;

/** An address of a Volt, always written in one way. */
export function plainUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/+$/, '');
}

/** Where the token for a Volt is kept. */
export function loginFile(url: string): string {
  return join(folder(), `${encodeURIComponent(plainUrl(url))}.json`);
}

/** @throws VoltError `data_unwritable` */
export function keepLogin(kept: Login): void {
  const file = loginFile(kept.url);
  try {
    mkdirSync(folder(), { recursive: true, mode: 0o700 });
    writeWhole(file, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
  } catch (error) {
    throw unusable(file, error);
  }
}

/** @throws VoltError `data_unwritable` if there is a file that cannot be read */
export function loginAt(url: string): Login | undefined {
  const file = loginFile(url);
  try {
    return login.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (isMissing(error) || isForeign()) return undefined;
    throw unusable(file, error);
  }
}

/** The address of the Volt at which the user has signed in last. */
export function newestLogin(): string | undefined {
  try {
    const files = readdirSync(folder()).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
    const since = (name: string) => statSync(join(folder(), name)).mtimeMs;
    const newest = files.sort((a, b) => since(b) - since(a))[0];
    return newest === undefined ? undefined : decodeURIComponent(newest.slice(0, -'.json'.length));
  } catch (error) {
    if (isMissing(error) || isForeign()) return undefined;
    throw unusable(folder(), error);
  }
}

/** @throws VoltError `data_unwritable` */
export function forgetLogin(url: string): void {
  try {
    rmSync(loginFile(url), { force: true });
  } catch (error) {
    throw unusable(loginFile(url), error);
  }
}

function folder(): string {
  return join(userSettings(), 'logins');
}

function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Whether the folder is that of another user, as it is for a program that runs with the HOME of who has started it. */
function isForeign(): boolean {
  try {
    return statSync(folder()).uid !== process.geteuid?.();
  } catch (error) {
    return systemCode(error) === 'EACCES';
  }
}

function unusable(file: string, error: unknown): VoltError {
  return new VoltError('data_unwritable', `${file} cannot be used: ${errorText(error)}`, {
    remedy: 'Correct its rights, or remove it and sign in again: `volt login`.',
    cause: error,
  });
}
