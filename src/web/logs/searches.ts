import { receivedError, VoltError } from '../../kernel/errors.ts';
import { ownProgram } from '../../system/own-program.ts';
import { TaskEnded, TaskProcess } from '../../system/task-process.ts';
import type { Hits } from './hits.ts';
import { openIfThere } from './log-file.ts';
import { expressionOf } from './pattern.ts';
import { PieceSearch, type Searched } from './piece-search.ts';
import { scan } from './pieces.ts';

/** What the process gets. */
export interface SearchTask extends Searched {
  file: string;
}

/** Limits of one search with a regular expression, in milliseconds and MB; 8 MB of usual output take some 150 ms. */
const limits = { processorTime: 1000, memory: 128 };
/** Searches with regular expressions that may wait. */
const mostWaiting = 20;

/**
 * Searches logs. A plain text is searched for here, in time that grows with the log alone. A regular expression may take time
 * that grows exponentially, and comes from anybody who may read, so a process of its own matches it and is killed at its
 * limits.
 */
export class Searches {
  readonly #process = new TaskProcess<SearchTask, Hits>(
    ownProgram(import.meta.url, 'search-process', 'log-search'),
    limits,
    receivedError,
  );
  #waiting = 0;

  /**
   * Searches a log up to a limit of bytes, which is smaller for regular expressions.
   * @param owner searches of different owners take turns
   * @throws VoltError `bad_request` for an invalid expression or one that takes too long; `rate_limited`, `timed_out`
   */
  async find(file: string, searched: Searched, owner: string): Promise<Hits> {
    const handle = await openIfThere(file);
    try {
      if (!searched.pattern.regex) return await findHere(handle, searched);
      // an invalid expression is refused here, without a process
      expressionOf(searched.pattern);
      return handle ? await this.#findInProcess({ ...searched, file }, owner) : { hits: [], next: null };
    } finally {
      await handle?.close();
    }
  }

  async close(): Promise<void> {
    await this.#process.close();
  }

  async #findInProcess(task: SearchTask, owner: string): Promise<Hits> {
    if (this.#waiting >= mostWaiting) {
      throw new VoltError('rate_limited', 'too many searches with regular expressions wait', {
        remedy: 'Try again in a few seconds, or search for plain text.',
      });
    }
    this.#waiting += 1;
    try {
      return await this.#process.run(task, { owner });
    } catch (error) {
      throw error instanceof TaskEnded ? asVoltError(error) : error;
    } finally {
      this.#waiting -= 1;
    }
  }
}

async function findHere(handle: Awaited<ReturnType<typeof openIfThere>>, searched: Searched): Promise<Hits> {
  const search = new PieceSearch(searched);
  if (handle) await scan(handle, searched.from.position, (piece) => search.take(piece));
  return search.end();
}

function asVoltError({ why, message }: TaskEnded): VoltError {
  if (why === 'lost') {
    return new VoltError('timed_out', `the search did not finish: ${message}`, { remedy: 'Search again.' });
  }
  return new VoltError('bad_request', `the expression is too slow for this log: ${message}`, {
    remedy: 'Use a simpler expression, without repetitions inside of others as in (a+)+, or search for plain text.',
  });
}
