import { type BuildId, type JobId, parseJobId } from '../kernel/model.ts';
import { insideOf, waitingInGroups } from '../record/concurrency.ts';
import type { Write } from '../record/record.ts';
import { isOf } from './group-holders.ts';

/** A job that asks to enter a concurrency group. */
interface Asking {
  repo: string;
  build: BuildId;
  /** of its workflow */
  file: string;
  /** files of jobs of its build that are not recorded yet */
  files: ReadonlyMap<string, string>;
}

/** A group, in lower case, and the build that is inside. */
interface Held {
  name: string;
  build: BuildId;
}

/**
 * The groups by which a job would wait for itself. A workflow leaves its group when all its jobs are over, so it waits for
 * each group that one of them waits for; a job that is inside of one waits for nobody.
 * @param name of the group that the job asks for, in lower case
 * @returns from that one to the one that its own workflow is in; undefined where it would not wait for itself
 */
export async function findDeadlock(db: Write, me: Asking, name: string): Promise<Held[] | undefined> {
  const open: { name: string; way: Held[] }[] = [{ name, way: [] }];
  const seen = new Set([name]);
  for (const group of open) {
    const inside = await insideOf(db, me.repo, group.name);
    if (!inside || parseJobId(inside.holder) !== undefined) continue;
    const way = [...group.way, { name: group.name, build: inside.build }];
    if (inside.build === me.build && inside.holder === me.file) return way;
    const ofMine = (id: JobId) => inside.build === me.build && me.files.get(id) === inside.holder;
    for (const job of await waitingInGroups(db, inside.build)) {
      if (seen.has(job.name) || !(ofMine(job.id) || isOf(job.node, inside.holder))) continue;
      seen.add(job.name);
      open.push({ name: job.name, way });
    }
  }
  return undefined;
}

/** @param group as the workflow has it */
export function deadlockMessage(group: string, way: readonly Held[]): string {
  if (way.length === 1)
    return `it would wait for ever: its own workflow is in the concurrency group "${group}" until all its jobs are over`;
  const names = way.map(({ name }) => `"${name}"`).join(' and ');
  const inside = way.map(({ name, build }) => `build ${build} is in "${name}"`).join(', ');
  return `it would wait for ever: the concurrency groups ${names} wait for each other; ${inside}`;
}
