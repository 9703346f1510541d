import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeWhole } from '../../system/write-whole.ts';
import { engineFailed } from '../connection.ts';
import type { ContainerPlan } from '../container-plan.ts';
import { programs } from './programs.ts';

/** Where containers see the program of starter.c. */
export const starterInside = '/volt/bin/start';

/**
 * Puts the starter for this machine's processor into a folder.
 * @param folder made where it is missing
 * @returns how a container gets it
 * @throws VoltError `engine_failed` for a processor that it was not compiled for; system errors
 */
export function starterMount(folder: string): ContainerPlan['mounts'][number] {
  const code = programs[process.arch];
  if (code === undefined)
    throw engineFailed(`Volt cannot start programs in containers on a processor of the kind ${process.arch}`);
  const program = Buffer.from(code, 'base64');
  const path = join(resolve(folder), 'starter');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // a container that runs has the old file
  if (!contentOf(path)?.equals(program)) writeWhole(path, program);
  // whatever the umask is: users of containers start it
  chmodSync(path, 0o755);
  return { from: path, to: starterInside, readOnly: true };
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** What the starter reads, see starter.c. */
export function starterInput(env: Readonly<Record<string, string>>): string {
  // no process has more of a value than what comes before a zero byte
  const texts = Object.entries(env).map(([name, value]) => `${name}=${value}`.split('\0', 1)[0]);
  const bytes = Buffer.from(texts.map((text) => `${text}\0`).join(''));
  // the digits of hexadecimal numbers as letters from a on
  const letters = bytes
    .toString('hex')
    .replace(/[0-9a-f]/g, (digit) => 'abcdefghijklmnop'[Number.parseInt(digit, 16)] as string);
  return `${letters}\n`;
}
