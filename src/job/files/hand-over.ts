import {
  closeSync,
  constants,
  fchownSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { JobUser } from '../../exec/isolation.ts';
import { OpenFolder, OpenFolders } from '../../system/open-folders.ts';
import { removeTree } from '../../system/remove-tree.ts';

/**
 * Writes files into folders that a job may change at any moment: through open folders, so that no link leads elsewhere;
 * only under names that do not exist yet; and given to the job by descriptor, never by name.
 */

/**
 * Opens a folder, and creates what is missing on the way.
 * @param root folder that the job cannot replace
 * @param path of the folder, below the root or the root itself
 * @param owner of the new folders; Volt's user if undefined
 * @throws system errors, such as ENOTDIR or ELOOP if something else is in the way
 */
export function openFolderInside(root: string, path: string, owner: JobUser | undefined): OpenFolder {
  let open = OpenFolder.open(root);
  for (const part of relative(root, path).split(sep)) {
    if (part === '') continue;
    const outer = open;
    try {
      if (part === '..') throw new Error(`${path} is not below ${root}`);
      const { folder, isNew } = outer.folderOrNew(part);
      open = folder;
      if (isNew && owner) fchownSync(folder.descriptor, owner.uid, owner.gid);
    } finally {
      outer.close();
    }
  }
  return open;
}

/** Creates the root of a job's folders if it is missing, and folders in it. */
export function makeFoldersInside(root: string, paths: readonly string[], owner: JobUser | undefined): void {
  mkdirSync(root, { recursive: true });
  for (const path of paths) openFolderInside(root, path, owner).close();
}

/**
 * Writes a new file, and creates the folders on the way.
 * @param mode its permissions
 * @throws system errors, such as EEXIST if the name exists
 */
export function writeInside(
  root: string,
  path: string,
  content: string,
  owner: JobUser | undefined,
  mode = 0o644,
): void {
  atInside(root, path, owner, (entry) => {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const descriptor = openSync(entry, flags, mode);
    try {
      const bytes = Buffer.from(content);
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
      if (owner) fchownSync(descriptor, owner.uid, owner.gid);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Calls back with a path that leads through the open folder of an entry; creates what is missing on the way to that. */
function atInside(root: string, path: string, owner: JobUser | undefined, work: (entry: string) => void): void {
  const folder = openFolderInside(root, dirname(path), owner);
  try {
    work(folder.at(basename(path)));
  } finally {
    folder.close();
  }
}

/**
 * Creates a file or folder where the job cannot reach it, and moves it to its path as a whole.
 * @param path that does not exist, or an empty folder or a file that is replaced
 * @param sandbox whose user it is given to
 * @param write creates it at the path that it is given
 */
export async function createInside(
  root: string,
  path: string,
  sandbox: { owner: JobUser | undefined; giveTree(path: string): Promise<void> },
  write: (draft: string) => Promise<void>,
): Promise<void> {
  const closed = mkdtempSync(join(root, 'draft-'));
  try {
    const draft = join(closed, 'draft');
    await write(draft);
    await sandbox.giveTree(draft);
    atInside(root, path, sandbox.owner, (entry) => renameSync(draft, entry));
  } finally {
    await removeTree(closed);
  }
}

/** Removes a file, or a link itself; a folder, or a path that does not exist, stays as it is. */
export function removeInside(root: string, path: string): void {
  try {
    const folders = new OpenFolders(root);
    try {
      const entry = folders.entry(relative(root, path));
      if (entry !== undefined) unlinkSync(entry);
    } finally {
      folders.close();
    }
  } catch {
    // it is removed with the job
  }
}
