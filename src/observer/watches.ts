import { type RefWatch, watchRefs } from '../git/watch-refs.ts';
import { errorText, systemCode } from '../kernel/errors.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import type { Repository } from '../record/repositories.ts';
import { repositoriesOn } from '../record/repository-hosts.ts';
import { within } from '../system/wait.ts';

/** Error codes of the system when it cannot watch more folders. */
const tooManyWatches: ReadonlySet<string> = new Set(['ENOSPC', 'EMFILE', 'ENFILE']);
/** Milliseconds after which such a repository is watched again, 10 minutes. */
const rest = 600_000;
/** Milliseconds to wait for the file system's answer about folders. */
const statePatience = 1000;

/**
 * Watches the refs of every repository that is a path on this machine, and asks for a poll when one moves.
 * The scheduled polls find what watching misses.
 */
export class Watches {
  readonly #context: StageContext & { database: Database };
  readonly #watched = new Map<string, Promise<RefWatch>>();
  /** until when (ms since 1970) a repository is only polled, since the system could not watch more folders */
  readonly #resting = new Map<string, number>();

  constructor(context: StageContext & { database: Database }) {
    this.#context = context;
  }

  /** Starts to watch new repositories, and stops for removed ones. */
  async refresh(): Promise<void> {
    const { database, config } = this.#context;
    const local = await repositoriesOn(database, [config.host]);
    const wanted = new Map(local.map((repository) => [keyOf(repository), repository]));
    for (const [key, { name, url }] of wanted) {
      if (this.#watched.has(key) || (this.#resting.get(key) ?? 0) > Date.now()) continue;
      const failed = (error: unknown) => this.#failed(key, name, error);
      const watching = watchRefs(url, () => this.#changed(name), failed);
      this.#watched.set(key, watching);
      await watching.catch(failed);
    }
    for (const [key, watching] of this.#watched) {
      if (wanted.has(key)) continue;
      this.#watched.delete(key);
      await (await watching).close();
    }
  }

  async close(): Promise<void> {
    for (const watching of this.#watched.values()) await watching.then((watch) => watch.close()).catch(() => undefined);
    this.#watched.clear();
  }

  /** See RefWatch; undefined where the repository is not watched, or the file system does not answer soon. */
  async state(repository: Pick<Repository, 'name' | 'url'>): Promise<string | undefined> {
    const state = this.#watched.get(keyOf(repository))?.then((watch) => watch.state());
    return (
      state &&
      within(
        state.catch(() => undefined),
        statePatience,
      )
    );
  }

  #failed(key: string, name: string, error: unknown): void {
    const { logger } = this.#context;
    this.#watched.delete(key);
    if (!tooManyWatches.has(systemCode(error) ?? '')) {
      logger.debug(`watching ${name} has ended; Volt tries again: ${errorText(error)}`);
      return;
    }
    if (!this.#resting.has(key))
      logger.warn(
        `the system cannot watch more folders, so ${name} is only polled: raise fs.inotify.max_user_watches`,
        { repo: name },
      );
    this.#resting.set(key, Date.now() + rest);
  }

  #changed(name: string): void {
    const { queues, config, logger } = this.#context;
    const sent = queues.sendObserve(config.host, { v: 1, repo: name, cause: 'watch' });
    sent.catch((error) => logger.debug(`could not ask for a poll of ${name}: ${errorText(error)}`));
  }
}

function keyOf({ name, url }: Pick<Repository, 'name' | 'url'>): string {
  return `${name} ${url}`;
}
