import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether a program that can be started is at a path. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Folders of a search path; an empty entry, which stands for whatever folder one is in, is left out. */
export function foldersOn(path: string): string[] {
  return path.split(delimiter).filter((folder) => folder !== '');
}

/** The first program of that name on a search path. */
export function programOn(path: string, name: string): string | undefined {
  return foldersOn(path)
    .map((folder) => join(folder, name))
    .find(isProgram);
}
