import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode, VoltError } from '../kernel/errors.ts';
import type { ProcessIdentity } from '../redis/membership.ts';
import { isSeenGone, ownProcess } from '../redis/process.ts';

/** A runner's own place on the disk; no two live runners of one machine share one. */
export interface WorkFolder {
  name: string;
  path: string;
  release(): void;
}

/**
 * Takes the folder of the runner's name. Without a wanted name, the first free one of `<host>`, `<host>-2`, … is taken,
 * so that a restarted runner finds what it had not reported yet.
 * @throws VoltError `name_taken` when a live runner has the wanted name here
 */
export function takeWorkFolder(work: string, host: string, wanted: string | undefined): WorkFolder {
  if (wanted !== undefined) {
    const folder = takeIfFree(work, wanted);
    if (folder) return folder;
    throw new VoltError('name_taken', `a runner named "${wanted}" runs on this machine already`, {
      remedy: 'Give this one another --name, or a data directory of its own.',
    });
  }
  for (let count = 1; ; count++) {
    const folder = takeIfFree(work, count === 1 ? host : `${host}-${count}`);
    if (folder) return folder;
  }
}

/** Takes the folder of that name; undefined where a live runner has it. */
export function takeIfFree(work: string, name: string): WorkFolder | undefined {
  const path = join(work, name);
  const owner = join(path, 'owner.json');
  mkdirSync(path, { recursive: true });
  for (let attempt = 1; attempt <= 2; attempt++) {
    try {
      writeFileSync(owner, JSON.stringify(ownProcess()), { flag: 'wx' });
      // checkouts that an earlier process was killed over
      rmSync(join(path, 'jobs'), { recursive: true, force: true });
      return { name, path, release: () => rmSync(owner, { force: true }) };
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      if (!ownerIsGone(owner)) return undefined;
      rmSync(owner, { force: true });
    }
  }
  return undefined;
}

/** Whether a runner that may live has the folder. */
export function isOwned(path: string): boolean {
  const owner = join(path, 'owner.json');
  return existsSync(owner) && !ownerIsGone(owner);
}

function ownerIsGone(file: string): boolean {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
    // after a reboot, or in another container, the number means nothing any more
    return owner.machine !== ownProcess().machine || isSeenGone(owner);
  } catch {
    return true;
  }
}
