import { statSync } from 'node:fs';
import { join } from 'node:path';

/** Git's messages about a damaged repository, not about the one that it fetches from. */
const damaged = /bad object|corrupt|unable to read tree|not a git repository|bad config line \d+ in file \.\//i;

/**
 * Whether git has found the mirror damaged that it fetched into.
 * @param messages of git, from messagesOf
 * @param path of the mirror
 */
export function reportsDamage(messages: string, path: string): boolean {
  // removing the mirror does not repair the server's repository
  const own = messages.replaceAll(/^remote: .*$/gm, '');
  return (damaged.test(own) && !own.includes('on the remote side')) || reportsEmptyObject(own, path);
}

/**
 * Whether git complains of an object whose file in a mirror is empty. A power cut leaves such files, since git does not
 * flush each of them to the disk.
 */
export function reportsEmptyObject(messages: string, path: string): boolean {
  // the messages may contain names of a commit's files, so the object's file is checked
  const empty = /object file \S*\bobjects\/([0-9a-f]{2}\/[0-9a-f]{38,62}) is empty/g;
  return [...messages.matchAll(empty)].some(
    ([, name = '']) => statSync(join(path, 'objects', name), { throwIfNoEntry: false })?.size === 0,
  );
}
