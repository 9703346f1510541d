import { chownSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IsolationLevel, JobUser } from '../../exec/isolation.ts';
import { systemCode, VoltError } from '../../kernel/errors.ts';
import { runProgram } from '../../system/run-program.ts';
import { chooseUser, type HomesOf, noteHomes } from './user-ids.ts';

/**
 * A user that the settings name, by name or number.
 * @throws VoltError `bad_setting` where there is none, or where it is root
 */
export async function namedUser(name: string): Promise<JobUser> {
  const ask = async (option: string) => Number(await runProgram('id', [option, '--', name]));
  const asked = await Promise.all([ask('-u'), ask('-g')]).catch(() => undefined);
  const [uid, gid] = asked ?? (/^\d+$/.test(name) ? [Number(name), Number(name)] : [0, 0]);
  if (uid > 0 && gid > 0) return { uid, gid };
  throw new VoltError('bad_setting', `VOLT_JOB_USER must name a user that is there and is not root, and is "${name}"`, {
    remedy:
      'Make one (useradd --system volt-jobs), or leave it unset: each repository and class of refs gets an unused number.',
  });
}

/**
 * At `user` nothing but the user id keeps jobs apart, and with one for all of them each reads and changes what the others
 * have.
 * @throws VoltError `bad_setting`
 */
export function checkJobUser(level: IsolationLevel, name: string | undefined): void {
  if (level !== 'user' || name === undefined) return;
  throw new VoltError('bad_setting', 'VOLT_JOB_USER cannot be set together with isolation "user"', {
    remedy:
      'All jobs would be one user, and could read and change the files of all others. Leave it unset: each repository and class of refs gets an unused number. Or use VOLT_ISOLATION=sandbox.',
  });
}

/**
 * The folder of a home, and whose jobs it is for. Each home has a user of its own, who is written down as the owner of that
 * folder.
 * @param name of the home
 * @param named user of all jobs where the settings name one
 */
export async function homeOf(
  place: HomesOf,
  name: string,
  named: JobUser | undefined,
): Promise<{ home: string; user: JobUser }> {
  const { homes } = place;
  const home = join(homes, name);
  mkdirSync(homes, { recursive: true, mode: 0o711 });
  const owner = ownerOf(home);
  if (owner && owner.uid !== 0 && (!named || named.uid === owner.uid)) {
    noteHomes(place);
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
  else await chooseUser(place, name, give);
  return { home, user: given as JobUser };
}

function ownerOf(path: string): JobUser | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() ? { uid: found.uid, gid: found.gid } : undefined;
}
