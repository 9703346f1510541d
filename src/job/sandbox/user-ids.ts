import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JobUser } from '../../exec/isolation.ts';
import { systemCode, VoltError } from '../../kernel/errors.ts';
import { lockFile } from '../../system/lock.ts';
import { writeWhole } from '../../system/write-whole.ts';
import { makeOpenFolder, openTop } from './job-paths.ts';

/**
 * User ids that no system assigns: between those of systemd-homed and those of systemd's dynamic services, see
 * https://systemd.io/UIDS-GIDS.
 */
const unused = { first: 60_578, count: 606 } as const;

/** Folder of root with a note of each folder of homes on this machine, and a lock. */
const notes = join(openTop, '.homes');

/** Milliseconds to wait for another Volt that chooses a user, which takes moments. */
const longestChoice = 60_000;

/** A folder of homes, owned by root. */
export interface HomesOf {
  dataDir: string;
  homes: string;
}

/** Notes a folder of homes for other Volts on this machine. */
export function noteHomes({ dataDir, homes }: HomesOf): void {
  const note = join(notes, hashOf(homes).toString('hex').slice(0, 32));
  if (existsSync(note)) return;
  makeNotes();
  writeWhole(note, `${dataDir}\n${homes}`);
}

/**
 * Chooses a user id for a new home that no other home on this machine has, in any Volt: at level `user` only user ids isolate
 * jobs. The owners of the homes show which ids are taken.
 * @param home its name
 * @param make makes the home and gives it to that user, before another process chooses
 * @throws VoltError `isolation_unavailable` where all ids are taken
 */
export async function chooseUser(folders: HomesOf, home: string, make: (user: JobUser) => void): Promise<void> {
  makeNotes();
  noteHomes(folders);
  const lock = await lockFile(join(notes, '.lock'), { wait: longestChoice });
  if (!lock) {
    throw new VoltError('isolation_unavailable', 'another Volt is stuck while it chooses the user of a job', {
      remedy: `See which process has ${join(notes, '.lock')} open, and end it.`,
    });
  }
  try {
    make(freeUser(folders, home));
  } finally {
    lock.release();
  }
}

/** @throws VoltError `isolation_unavailable` where the folders do not belong to root */
function makeNotes(): void {
  makeOpenFolder(openTop);
  mkdirSync(notes, { recursive: true, mode: 0o700 });
  makeOpenFolder(notes);
}

function freeUser({ homes }: HomesOf, home: string): JobUser {
  const taken = new Set([homes, ...notedHomes()].flatMap(ownersIn));
  // ids of removed data directories and of older Volts are used last
  const left = new Set(readdirSync(openTop).flatMap((area) => ownersIn(join(openTop, area, 'homes'))));
  const start = hashOf(`${homes}\0${home}`).readUInt32BE();
  const all = Array.from({ length: unused.count }, (_, step) => unused.first + ((start + step) % unused.count));
  const free = all.filter((uid) => !taken.has(uid));
  const uid = free.find((each) => !left.has(each)) ?? free[0];
  if (uid !== undefined) return { uid, gid: uid };
  const message = `all ${unused.count} user ids for homes of jobs are taken on this machine`;
  throw new VoltError('isolation_unavailable', message, {
    remedy:
      'Run `volt prune` for each Volt on this machine with a smaller VOLT_HOME_LIMIT; it removes the least recently used homes.',
  });
}

/** The noted folders of homes. Removes notes of data directories that are gone. */
function notedHomes(): string[] {
  const found: string[] = [];
  for (const name of readdirSync(notes)) {
    if (name.startsWith('.')) continue;
    const [dataDir = '', homes = ''] = readFileSync(join(notes, name), 'utf8').split('\n');
    if (existsSync(dataDir)) found.push(homes);
    else rmSync(join(notes, name), { force: true });
  }
  return found;
}

function ownersIn(homes: string): number[] {
  try {
    const found = readdirSync(homes).map((name) => lstatSync(join(homes, name), { throwIfNoEntry: false })?.uid);
    return found.filter((uid) => uid !== undefined);
  } catch (error) {
    // the folder does not exist yet, or any more
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return [];
    throw error;
  }
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
