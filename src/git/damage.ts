import { statSync } from 'node:fs';
import { join } from 'node:path';

/** What git says of a repository that is damaged, and not of the one that it fetches from. */
const damaged = /bad object|corrupt|unable to read tree|not a git repository|bad config line \d+ in file \.\//i;

/**
 * Whether git, when it fetched into a mirror, has met damage there.
 * @param words of git, as saidBy has them
 * @param path of the mirror
 */
export function tellsOfDamage(words: string, path: string): boolean {
  // what is wrong with the server's repository is not mended by throwing the mirror away
  const own = words.replaceAll(/^remote: .*$/gm, '');
  return (damaged.test(own) && !own.includes('on the remote side')) || namesDamagedObject(own, path);
}

/**
 * Whether git complains of an object whose file is there in a mirror, and empty. A power cut leaves such files: git
 * does not have each of them on the disk before it goes on.
 */
export function namesDamagedObject(words: string, path: string): boolean {
  // names of a commit's files stand in these words, too: only what is seen to be so counts
  const empty = /object file \S*\bobjects\/([0-9a-f]{2}\/[0-9a-f]{38,62}) is empty/g;
  return [...words.matchAll(empty)].some(
    ([, name = '']) => statSync(join(path, 'objects', name), { throwIfNoEntry: false })?.size === 0,
  );
}
