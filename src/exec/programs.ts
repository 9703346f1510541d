import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { toolEnvironment } from '../system/environment.ts';

const found = new Map<string, string>();

/**
 * The path of a program that Volt starts. It is looked up in Volt's own search path, never in that of a job, which could put
 * another program there. A missing program's name is returned unchanged, so that starting it fails with a clear error.
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
