import { errorText } from '../../kernel/errors.ts';
import { withCommandsAsTyped } from '../../kernel/invocation.ts';
import { listRepositories } from '../../record/repositories.ts';
import { every, type Repeating } from '../../system/wait.ts';
import type { RecordContext } from '../stage.ts';
import { mark, plain, print } from '../terminal.ts';
import { presentError } from './observation.ts';

/** milliseconds between two polls of the database */
const interval = 1000;

/** A first fetch that takes longer (milliseconds) is mentioned once: a large repository is not a hanging Volt. */
const longFirstFetch = 10_000;

/**
 * Prints a line when polling a repository fails, when it works again, and when its first fetch takes long.
 * @param since when this Volt started, in milliseconds since 1970
 */
export function showRepositoryNews(
  { database, logger }: RecordContext,
  since: number,
): { begin(): void; stop(): Promise<void> } {
  const failing = new Set<string>();
  const slow = new Set<string>();
  const check = async () => {
    for (const repository of await listRepositories(database)) {
      const { name } = repository;
      const error = presentError(repository, since);
      if (error && !failing.has(name)) {
        failing.add(name);
        print(`${mark('error')} cannot poll ${name}: ${error.code}: ${plain(error.message)}`);
        print(`    ${withCommandsAsTyped(plain(error.remedy))}`);
      } else if (!error && failing.delete(name)) {
        print(`${mark('success')} ${name}: polling works again`);
      }
      const waits = !error && repository.observedAt === null && Date.now() - since > longFirstFetch;
      if (waits && !slow.has(name)) {
        slow.add(name);
        print(`${mark('queued')} ${name}: the first fetch is still running; builds start after it`);
      }
    }
  };
  let checking: Repeating | undefined;
  return {
    begin: () => {
      checking = every(interval, check, (error) => {
        logger.warn(`cannot show problems of repositories: ${errorText(error)}`);
      });
    },
    stop: async () => {
      await checking?.stop();
      await check();
    },
  };
}
