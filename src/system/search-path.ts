import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether a path is a program that can be started. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The folders of a search path. Empty entries, which mean the current folder, are left out. */
export function foldersOn(path: string): string[] {
  return path.split(delimiter).filter((folder) => folder !== '');
}

/** Finds the first program with a name in folders. */
export function programIn(folders: readonly string[], name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** Finds the first program with a name on a search path. */
export function programOn(path: string, name: string): string | undefined {
  return programIn(foldersOn(path), name);
}
