import { type RefWatch, watchRefs } from '../git/watch.ts';
import { errorText, systemCode } from '../kernel/errors.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import type { Repository } from '../record/repositories.ts';
import { repositoriesOn } from '../record/repository-hosts.ts';
import { within } from '../system/wait.ts';

/** What the system says when it has no room for further watches. */
const outOfRoom: ReadonlySet<string> = new Set(['ENOSPC', 'EMFILE', 'ENFILE']);
/** Milliseconds after which such a repository is tried again, 10 minutes. */
const rest = 600_000;
/** How long (ms) is waited for what a file system says of its folders. */
const statePatience = 1000;

/**
 * Watches the refs of every observed repository that is a path on this machine, and asks for a look when one moves.
 * Polling finds what watching misses.
 */
export class Watches {
  readonly #context: StageContext & { database: Database };
  readonly #watched = new Map<string, Promise<RefWatch>>();
  /** until when (ms since 1970) what could not be watched for want of room is only polled */
  readonly #resting = new Map<string, number>();

  constructor(context: StageContext & { database: Database }) {
    this.#context = context;
  }

  /** Begins and ends watching as repositories have come and gone. */
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

  /** See RefWatch; undefined of what is not watched, or cannot be told soon. */
  async state(repository: Pick<Repository, 'name' | 'url'>): Promise<string | undefined> {
    const told = this.#watched.get(keyOf(repository))?.then((watch) => watch.state());
    return (
      told &&
      within(
        told.catch(() => undefined),
        statePatience,
      )
    );
  }

  #failed(key: string, name: string, error: unknown): void {
    const { logger } = this.#context;
    this.#watched.delete(key);
    if (!outOfRoom.has(systemCode(error) ?? '')) {
      logger.debug(`watching ${name} has ended, and is tried again: ${errorText(error)}`);
      return;
    }
    if (!this.#resting.has(key))
      logger.warn(`there is no room to watch ${name}, it is polled: raise fs.inotify.max_user_watches`, { repo: name });
    this.#resting.set(key, Date.now() + rest);
  }

  #changed(name: string): void {
    const { queues, config, logger } = this.#context;
    const sent = queues.sendObserve(config.host, { v: 1, repo: name, cause: 'watch' });
    sent.catch((error) => logger.debug(`could not ask for a look at ${name}: ${errorText(error)}`));
  }
}

function keyOf({ name, url }: Pick<Repository, 'name' | 'url'>): string {
  return `${name} ${url}`;
}
