import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JobUser, Overlays } from '../../exec/isolation.ts';
import { ownUser, type SettledIsolation } from '../../exec/isolation-check.ts';
import { repositoryKey, shortHash } from '../../kernel/names.ts';
import { defaultClass } from '../../kernel/trust.ts';
import type { JobInput } from '../contract.ts';
import { openFolderInside } from '../files/hand-over.ts';
import { namesIn, type TakenHome, takeHome } from './home-use.ts';
import { pruneHomes } from './homes.ts';
import { homeOf } from './job-user.ts';
import { begunFrom } from './layered-home.ts';
import { overlaysWork } from './overlay-check.ts';
import type { HomesOf } from './user-ids.ts';

/** Homes that are kept, beside those in use: each has a user id of its own, of which there are not many more. */
const most = 400;

/** The folder of a home for tools that jobs share. */
export const tools = '.tools';

/** What a job has as its home. */
export interface JobHome {
  /** as the job sees it */
  path: string;
  /** where that is on the machine */
  from: string;
  /** what stays of it when the job is over; undefined where nothing does */
  kept: string | undefined;
  user: JobUser;
  /** what it begins from */
  overlays: Overlays | undefined;
  /** to be called when the job is over: the home may be removed then */
  leave(): void;
}

export interface HomePaths {
  dataDir: string;
  /** folder of all homes */
  homes: string;
  /** of the job alone, which it cannot reach yet */
  folder: string;
}

/**
 * The home of a class of refs, which no job of another class or repository has. That of the default branch and tags is a
 * folder that stays. Another ref's is new for each job, where overlays work: in it are the caches of the default branch's
 * home, as that has them now, and what the ref's jobs have added to those stays for its next one. Where they do not work, it is a
 * folder that stays, and begins empty.
 * @param named user of all jobs where the settings name one
 * @throws VoltError `isolation_unavailable`
 */
export async function makeHome(
  { level, groupKind }: SettledIsolation,
  { repo, trust }: Pick<JobInput, 'repo' | 'trust'>,
  { dataDir, homes, folder }: HomePaths,
  named: JobUser | undefined,
): Promise<JobHome> {
  const own = homeName(repo, trust.class);
  const ofDefault = homeName(repo, defaultClass);
  const layered = own !== ofDefault && level === 'sandbox' && (await overlaysWork(homes, groupKind));
  await makeRoomFor(dataDir, homes);
  const taken: TakenHome[] = [];
  const take = async (name: string, wantsAlone = false) => {
    const make = async () => void (await ownedHome({ dataDir, homes }, name, named));
    taken.unshift(await takeHome(homes, name, { make, wantsAlone }));
    return { ...(await ownedHome({ dataDir, homes }, name, named)), isAlone: taken[0]?.isAlone === true };
  };
  const leave = () => {
    for (const each of taken) each.leave();
  };
  try {
    if (!layered) {
      const { home, user } = await take(own);
      return { path: home, from: home, kept: home, user, overlays: undefined, leave };
    }
    const lower = await take(ofDefault);
    const { home: kept, user, isAlone } = await take(`${own}+layers`, true);
    const from = join(folder, 'home');
    openFolderInside(folder, join(from, tools), process.getuid?.() === 0 ? user : undefined).close();
    const overlays = begunFrom(
      { base: lower.home, owner: lower.user, user },
      { home: from, uppers: isAlone ? kept : join(folder, 'layers'), table: join(folder, 'overlays') },
      groupKind === 'user-namespace',
    );
    return { path: lower.home, from, kept: isAlone ? kept : undefined, user, overlays, leave };
  } catch (error) {
    leave();
    throw error;
  }
}

/** The folder of the home of a class of refs of a repository. */
function homeName(repo: { name: string; url: string }, refs: string): string {
  return `${repositoryKey(repo)}+${refs === defaultClass ? refs : shortHash(refs)}`;
}

async function makeRoomFor(dataDir: string, homes: string): Promise<void> {
  if ((await namesIn(homes)).length <= most + 50) return;
  await pruneHomes(dataDir, { most }, false, Date.now(), () => undefined);
}

async function ownedHome(
  place: HomesOf,
  name: string,
  named: JobUser | undefined,
): Promise<{ home: string; user: JobUser }> {
  if (process.getuid?.() === 0) return homeOf(place, name, named);
  const home = join(place.homes, name);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  return { home, user: ownUser() };
}
