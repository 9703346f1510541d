import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { toolEnvironment } from '../system/environment.ts';

const found = new Map<string, string>();

/**
 * The path of a program that Volt itself starts: found in its own search path, never in that of a job, which could put
 * something else there. A program that is nowhere is given back as it is, so that starting it says so.
 */
export function programPath(name: string): string {
  const known = found.get(name);
  if (known !== undefined) return known;
  const folders = (toolEnvironment().PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
  const path = folders.map((folder) => join(folder, name)).find(isProgram);
  if (path === undefined) return name;
  found.set(name, path);
  return path;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
