import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JobUser, Overlays } from '../../exec/isolation.ts';
import { ownUser, type SettledIsolation } from '../../exec/isolation-check.ts';
import { repositoryKey, shortHash } from '../../kernel/names.ts';
import { defaultClass } from '../../kernel/trust.ts';
import { openFolderInside } from '../files/hand-over.ts';
import type { JobInput } from '../input-and-result.ts';
import { namesIn, type TakenHome, takeHome } from './home-use.ts';
import { pruneHomes } from './homes.ts';
import { homeOf } from './job-user.ts';
import { layerHome } from './layered-home.ts';
import { overlaysWork } from './overlay-check.ts';
import type { HomesOf } from './user-ids.ts';

/** Most homes in addition to those in use: each has its own user id, of which there are few more. */
const most = 400;

/** The folder in a home for tools that jobs share. */
export const tools = '.tools';

export interface JobHome {
  /** as the job sees it */
  path: string;
  /** its path on the machine */
  from: string;
  /** the folder of it that stays when the job is over; undefined for none */
  kept: string | undefined;
  user: JobUser;
  /** overlays of the caches of the default branch's home */
  overlays: Overlays | undefined;
  /** Call it when the job is over: the home may then be removed. */
  leave(): void;
}

export interface HomePaths {
  dataDir: string;
  /** folder of all homes */
  homes: string;
  /** the job's own folder, which the job cannot reach yet */
  folder: string;
}

/**
 * Makes the home of a trust class, which no job of another class or repository gets. The home of the default branch and tags is
 * permanent. Where overlays work, another ref gets a new home for each job, with the current caches of the default branch's home
 * as overlays; what its jobs add to these caches stays for its next job. Where overlays do not work, the ref gets a permanent
 * home, empty at first.
 * @param named the user of all jobs, if the settings name one
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
  await removeSurplusHomes(dataDir, homes);
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
    const overlays = layerHome(
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

/** The name of the home of a trust class of a repository. */
function homeName(repo: { name: string; url: string }, refs: string): string {
  return `${repositoryKey(repo)}+${refs === defaultClass ? refs : shortHash(refs)}`;
}

async function removeSurplusHomes(dataDir: string, homes: string): Promise<void> {
  if ((await namesIn(homes)).length <= most + 50) return;
  await pruneHomes(dataDir, { most }, false, Date.now(), () => undefined);
}

async function ownedHome(
  homes: HomesOf,
  name: string,
  named: JobUser | undefined,
): Promise<{ home: string; user: JobUser }> {
  if (process.getuid?.() === 0) return homeOf(homes, name, named);
  const home = join(homes.homes, name);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  return { home, user: ownUser() };
}
