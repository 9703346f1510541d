import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, statfsSync } from 'node:fs';
import type { TestFolders } from './folder.ts';

/**
 * Everything in a folder that a process could distinguish, except inode numbers and times: type, permissions, owner,
 * links and content of each entry, by path. Names are byte for byte.
 */
export function snapshotOf(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  const look = (path: Buffer, name: string) => {
    const { mode, uid, gid, nlink } = lstatSync(path);
    const about = `${(mode & 0o7777).toString(8)} ${uid}:${gid}`;
    const type = mode & 0o170000;
    if (type === 0o120000) found[name] = `link ${about} ${readlinkSync(path)}`;
    else if (type === 0o100000) {
      // git's index contains the time and the owner of its files
      const content = name === '/.git/index' ? '' : createHash('sha256').update(readFileSync(path)).digest('hex');
      found[name] = `file ${about} ${nlink} ${content}`;
    } else if (type === 0o040000) {
      found[name] = `folder ${about}`;
      for (const entry of readdirSync(path, { encoding: 'buffer' })) {
        look(Buffer.concat([path, Buffer.from('/'), entry]), `${name}/${entry.toString('latin1')}`);
      }
    } else found[name] = `something else ${about}`;
  };
  look(Buffer.from(folder), '');
  return found;
}

/** Time of the oldest change in a folder, without `.git`, in nanoseconds since 1970. */
export function oldestTime(folder: string): bigint {
  let oldest = lstatSync(folder, { bigint: true }).mtimeNs;
  for (const entry of readdirSync(folder, { withFileTypes: true, encoding: 'buffer' })) {
    const path = Buffer.concat([Buffer.from(`${folder}/`), entry.name]);
    if (entry.name.toString() === '.git') continue;
    const time = entry.isDirectory() ? oldestTime(path.toString()) : lstatSync(path, { bigint: true }).mtimeNs;
    if (time < oldest) oldest = time;
  }
  return oldest;
}

/** Whether checkouts can be reused in temporary folders; not if these are in memory. */
export function isWatched(folders: TestFolders): boolean {
  return [0xef53, 0x58465342, 0x9123683e].includes(statfsSync(folders.make()).type);
}
