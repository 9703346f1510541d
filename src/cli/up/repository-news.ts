import { errorText } from '../../kernel/errors.ts';
import { listRepositories } from '../../record/repositories.ts';
import { every, type Repeating } from '../../system/wait.ts';
import { withCommandsAsTyped } from '../invocation.ts';
import type { RecordContext } from '../stage.ts';
import { mark, plain, print } from '../terminal.ts';
import { presentError } from './observation.ts';

/** milliseconds between two looks */
const interval = 1000;

/** A first look that takes longer (milliseconds) is told once: a large repository is not a hanging Volt. */
const longFirstLook = 10_000;

/**
 * Tells on the terminal once when a repository cannot be looked at, once when it can be again, and once when it takes
 * long to fetch it for the first time.
 * @param since when this Volt started, in milliseconds since 1970
 */
export function tellRepositories(
  { database, logger }: RecordContext,
  since: number,
): { begin(): void; stop(): Promise<void> } {
  const failing = new Set<string>();
  const slow = new Set<string>();
  const look = async () => {
    for (const repository of await listRepositories(database)) {
      const { name } = repository;
      const error = presentError(repository, since);
      if (error && !failing.has(name)) {
        failing.add(name);
        print(`${mark('error')} cannot observe ${name}: ${error.code}: ${plain(error.message)}`);
        print(`    ${withCommandsAsTyped(plain(error.remedy))}`);
      } else if (!error && failing.delete(name)) {
        print(`${mark('success')} ${name} can be observed again`);
      }
      const waits = !error && repository.observedAt === null && Date.now() - since > longFirstLook;
      if (waits && !slow.has(name)) {
        slow.add(name);
        print(`${mark('queued')} ${name} is still being fetched for the first time; its builds come after that`);
      }
    }
  };
  let looking: Repeating | undefined;
  return {
    begin: () => {
      looking = every(interval, look, (error) => {
        logger.warn(`cannot tell the news of repositories: ${errorText(error)}`);
      });
    },
    stop: async () => {
      await looking?.stop();
      await look();
    },
  };
}
