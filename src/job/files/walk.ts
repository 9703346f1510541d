import { lstatSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { OpenFolders } from '../../system/open-folders.ts';
import { StepFault } from '../fault.ts';
import { statInside } from './inside.ts';

/** Each folder on the way is open, and a process may open only so many files. */
const deepest = 250;

export interface WalkedEntry {
  /** relative to the root */
  path: string;
  isFile: boolean;
}

/**
 * Lists a file or folder that a job may change, and all that is below it, in no order. It follows no link; a link is an
 * entry that is no file.
 * @param root folder that the job cannot replace
 * @param start relative to it
 * @param enter whether to look into a folder; gets its path relative to the root, and its name
 * @throws StepFault if folders are nested too deep
 */
export async function* walkInside(
  root: string,
  start: string,
  enter: (path: string, name: string) => boolean = () => true,
): AsyncGenerator<WalkedEntry> {
  if (!statInside(root, '')?.isDirectory()) return;
  const folders = new OpenFolders(root);
  const waiting = [start];
  try {
    const first = start === '' ? undefined : folders.entry(start);
    const found = first === undefined ? undefined : lstatSync(first, { throwIfNoEntry: false });
    if (found) yield { path: start, isFile: found.isFile() };
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (next.split('/').length > deepest) throw new StepFault(`folders are nested more than ${deepest} deep`);
      const opened = folders.entry(next === '' ? '.' : `${next}/.`);
      const open = opened === undefined ? undefined : await opendir(opened).catch(() => undefined);
      if (!open) continue;
      for await (const entry of open) {
        const path = next === '' ? entry.name : `${next}/${entry.name}`;
        yield { path, isFile: entry.isFile() };
        if (entry.isDirectory() && enter(path, entry.name)) waiting.push(path);
      }
    }
  } finally {
    folders.close();
  }
}
