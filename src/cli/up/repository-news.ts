import { errorText } from '../../kernel/errors.ts';
import { every } from '../../kernel/wait.ts';
import { listRepositories } from '../../record/repositories.ts';
import { withCommandsAsTyped } from '../invocation.ts';
import type { RecordContext } from '../stage.ts';
import { mark, plain, print } from '../terminal.ts';
import { presentError } from './observation.ts';

/** milliseconds between two looks */
const interval = 1000;

/**
 * Tells on the terminal once when a repository cannot be looked at, and once when it can be again.
 * @param since when this Volt started, in milliseconds since 1970
 */
export function tellRepositories({ record, logger }: RecordContext, since: number): { stop(): Promise<void> } {
  const failing = new Set<string>();
  const look = async () => {
    for (const repository of await listRepositories(record)) {
      const { name } = repository;
      const error = presentError(repository, since);
      if (error && !failing.has(name)) {
        failing.add(name);
        print(`${mark('error')} cannot observe ${name}: ${error.code}: ${plain(error.message)}`);
        print(`    ${withCommandsAsTyped(plain(error.remedy))}`);
      } else if (!error && failing.delete(name)) {
        print(`${mark('success')} ${name} can be observed again`);
      }
    }
  };
  const looking = every(interval, look, (error) => {
    logger.warn(`cannot tell the news of repositories: ${errorText(error)}`);
  });
  return {
    stop: async () => {
      await looking.stop();
      await look();
    },
  };
}
