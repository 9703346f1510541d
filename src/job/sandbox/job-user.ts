import { chownSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IsolationLevel, JobUser } from '../../exec/isolation.ts';
import { systemCode, VoltError } from '../../kernel/errors.ts';
import { runProgram } from '../../system/run-program.ts';
import { chooseUser, type HomesOf, noteHomes } from './user-ids.ts';

/**
 * The user in VOLT_JOB_USER, a name or an id.
 * @throws VoltError `bad_setting` where it does not exist, or is root
 */
export async function namedUser(name: string): Promise<JobUser> {
  const ask = async (option: string) => Number(await runProgram('id', [option, '--', name]));
  const asked = await Promise.all([ask('-u'), ask('-g')]).catch(() => undefined);
  const [uid, gid] = asked ?? (/^\d+$/.test(name) ? [Number(name), Number(name)] : [0, 0]);
  if (uid > 0 && gid > 0) return { uid, gid };
  throw new VoltError('bad_setting', `VOLT_JOB_USER must name an existing user other than root; got "${name}"`, {
    remedy:
      'Create a user (useradd --system volt-jobs), or leave it unset: each repository and class of refs gets an unused user id.',
  });
}

/**
 * Refuses one user for all jobs at level `user`, where only user ids keep jobs from each other's files.
 * @throws VoltError `bad_setting`
 */
export function checkJobUser(level: IsolationLevel, name: string | undefined): void {
  if (level !== 'user' || name === undefined) return;
  throw new VoltError('bad_setting', 'VOLT_JOB_USER cannot be set together with isolation "user"', {
    remedy:
      "All jobs would be the same user and could read and change each other's files. Leave it unset: each repository and class of refs gets an unused user id. Or use VOLT_ISOLATION=sandbox.",
  });
}

/**
 * Makes a home and gives it a user of its own, or finds the user of an existing home: the user is the owner of the folder.
 * @param name of the home
 * @param named the user of all jobs, if the settings name one
 */
export async function homeOf(
  folders: HomesOf,
  name: string,
  named: JobUser | undefined,
): Promise<{ home: string; user: JobUser }> {
  const { homes } = folders;
  const home = join(homes, name);
  mkdirSync(homes, { recursive: true, mode: 0o711 });
  const owner = ownerOf(home);
  if (owner && owner.uid !== 0 && (!named || named.uid === owner.uid)) {
    noteHomes(folders);
    return { home, user: owner };
  }
  let given = named;
  const give = (user: JobUser) => {
    try {
      mkdirSync(home, { mode: 0o700 });
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    chownSync(home, user.uid, user.gid);
    given = user;
  };
  if (named) give(named);
  else await chooseUser(folders, name, give);
  return { home, user: given as JobUser };
}

function ownerOf(path: string): JobUser | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() ? { uid: found.uid, gid: found.gid } : undefined;
}
