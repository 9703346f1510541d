import type { IdMap, KeptId } from '../../engine/container-plan.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Image } from '../../engine/images.ts';
import type { JobUser } from '../../exec/isolation.ts';
import { StepFault } from '../fault.ts';
import type { JobContext } from '../job-context.ts';
import { idRanges } from '../sandbox/spare-ids.ts';

/** The files of an image that say who is who. */
export interface Accounts {
  passwd: string;
  group: string;
}

/**
 * The user of a container's processes.
 * @param text `name`, `uid`, either with `:group` or `:gid`, or empty for root
 * @throws StepFault where the image does not have the user
 */
export function userOf(text: string, { passwd, group }: Accounts): JobUser {
  const [user = '', named] = text.split(':', 2);
  const entry = fieldsOf(passwd).find(([name, , uid]) => (/^\d+$/.test(user) ? uid === user : name === user));
  const uid = user === '' ? 0 : Number(/^\d+$/.test(user) ? user : (entry?.[2] ?? Number.NaN));
  const given = fieldsOf(group).find(([name]) => name === named)?.[2];
  const gid =
    named === undefined || named === '' ? Number(entry?.[3] ?? 0) : Number(/^\d+$/.test(named) ? named : given);
  if (Number.isSafeInteger(uid) && Number.isSafeInteger(gid)) return { uid, gid };
  throw new StepFault(`the image has no user '${text}'`);
}

function fieldsOf(file: string): string[][] {
  return file.split('\n').map((line) => line.split(':'));
}

/**
 * The ids of the machine for a container whose processes have a user.
 * @param owner of the job's files; undefined for Volt's own user
 * @returns undefined where the engine decides on them
 */
export function idsOf(engine: Engine, inside: JobUser, owner: JobUser | undefined): IdMap | KeptId | undefined {
  if (engine.kind !== 'podman') return undefined;
  // its root is its own user, as it is
  if (engine.isRootless) return inside.uid === 0 ? undefined : { kept: inside };
  return process.getuid?.() === 0 ? idRanges(inside, owner ?? { uid: 0, gid: 0 }) : undefined;
}

/**
 * The ids of the machine for a container with the files of an image.
 * @param user as for `userOf`
 * @returns undefined where the engine decides on them
 * @throws StepFault where the image does not have the user; EngineRefusal, VoltError `engine_failed`
 */
export async function containerIds(
  { engine: { looks }, sandbox: { owner } }: Pick<JobContext, 'engine' | 'sandbox'>,
  engine: Engine,
  { image, labels, user }: { image: Image; labels: Readonly<Record<string, string>>; user: string },
): Promise<IdMap | KeptId | undefined> {
  const inside = userOf(user, await looks.into(engine, image.id, labels, []));
  return idsOf(engine, inside, owner);
}
