import { isAbsolute } from 'node:path';
import { toolEnvironment } from '../system/environment.ts';
import { foldersOn, programIn } from '../system/search-path.ts';

const found = new Map<string, string>();

/**
 * The path of a program that Volt starts. It is looked up in Volt's own search path, never in that of a job, which could put
 * another program there. A missing program's name is returned unchanged, so that starting it fails with a clear error.
 */
export function programPath(name: string): string {
  const path = found.get(name) ?? programIn(foldersOn(toolEnvironment().PATH ?? '').filter(isAbsolute), name);
  if (path !== undefined) found.set(name, path);
  return path ?? name;
}
