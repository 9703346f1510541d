import { execFileSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { jobEnvironment } from '../../../src/system/environment.ts';

/** What has been found out about programs, which may take a second each. */
const known = new Map<string, boolean>();

/** Whether a program of the machine ends well. */
export function runs(program: string, ...args: string[]): boolean {
  const command = [program, ...args].join(' ');
  const result = known.get(command) ?? endsWell(program, args);
  known.set(command, result);
  return result;
}

function endsWell(program: string, args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', env: jobEnvironment() });
    return true;
  } catch {
    return false;
  }
}

/** The first folder of the search path whose program of that name tells its version. */
export function folderOf(program: string): string | undefined {
  const folders = (jobEnvironment().PATH ?? '').split(delimiter);
  return folders.find((folder) => runs(join(folder, program), '--version'));
}
