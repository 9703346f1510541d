import { VoltError } from '../../kernel/errors.ts';
import { isFinal } from '../../kernel/model.ts';
import { queueNames } from '../../queues/names.ts';
import { listBuilds } from '../../record/builds.ts';
import { findRepository, repositoryNames } from '../../record/repositories.ts';
import { pause } from '../../system/wait.ts';
import type { RecordContext } from '../stage.ts';
import { mark, print } from '../terminal.ts';
import { exitCodeOf, verdictLine } from '../wording.ts';
import { observedSince, presentError } from './observation.ts';

/** milliseconds between two polls */
const interval = 200;

/**
 * Waits for the first result of each repository: the first build that ends from now on, or, if the newest commit was
 * built before, the result of that build.
 * @param names of the repositories; if empty, all that Volt watches
 * @param since when this Volt started, in milliseconds since 1970
 * @returns the exit code: 0 all passed, 1 one failed, 3 one could not be polled or tested
 */
export async function firstResults(context: RecordContext, names: string[], since: number): Promise<number> {
  const all = await repositoryNames(context.database);
  const waiting = new Set(names.length === 0 ? all : names);
  if (waiting.size === 0) {
    throw new VoltError('usage', '--once has no repository to wait for', {
      remedy: 'Give --repo or --sample.',
    });
  }
  let code = 0;
  while (waiting.size > 0) {
    for (const name of waiting) {
      const result = await resultOf(context, name, since);
      if (result === undefined) continue;
      waiting.delete(name);
      code = Math.max(code, result);
    }
    if (waiting.size > 0) await pause(interval);
  }
  return code;
}

/** The exit code of a repository's first result; undefined while there is none. */
async function resultOf({ database, queues }: RecordContext, name: string, since: number): Promise<number | undefined> {
  const repository = await findRepository(database, name);
  // the observer sends every new commit before it notes the poll, and the dispatcher stores a build before it removes
  // the message: read in this order, a commit that is nowhere is not on its way either
  const observed = repository !== undefined && observedSince(repository, since);
  const settled = observed && (await isEmpty(queues.queue(queueNames.commits)));
  const builds = await listBuilds(database, { repo: name, limit: 500 });

  const ends = builds.filter((build) => build.finishedAt !== null && Date.parse(build.finishedAt) >= since);
  const [first] = ends.sort((a, b) => Date.parse(a.finishedAt ?? '') - Date.parse(b.finishedAt ?? ''));
  if (first) return exitCodeOf(first.status);
  if (!repository || presentError(repository, since)) return 3;
  if (!settled || builds.some((build) => !isFinal(build.status))) return undefined;
  const [newest] = builds;
  if (newest) print(`${verdictLine(newest)}, built earlier`);
  else print(`${mark('error')} ${name} has no commit on a watched branch`);
  return newest ? exitCodeOf(newest.status) : 3;
}

async function isEmpty(queue: ReturnType<RecordContext['queues']['queue']>): Promise<boolean> {
  return (await queue.getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized')) === 0;
}
