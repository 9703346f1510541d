import { watchRefs } from '../git/watch.ts';
import { errorText } from '../kernel/errors.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Record } from '../record/record.ts';
import { listRepositories } from '../record/repositories.ts';

/**
 * Watches the refs of every observed repository that is a path on this machine, and asks for a look when one moves.
 * Polling finds what watching misses.
 */
export class Watches {
  readonly #context: StageContext & { record: Record };
  readonly #watched = new Map<string, Promise<() => Promise<void>>>();

  constructor(context: StageContext & { record: Record }) {
    this.#context = context;
  }

  /** Begins and ends watching as repositories have come and gone. */
  async refresh(): Promise<void> {
    const { record, config, logger } = this.#context;
    const local = (await listRepositories(record)).filter(({ host }) => host === config.host);
    const wanted = new Map(local.map(({ name, url }) => [`${name} ${url}`, { name, url }]));
    for (const [key, { name, url }] of wanted) {
      if (this.#watched.has(key)) continue;
      const watching = watchRefs(
        url,
        () => this.#changed(name),
        (error) => {
          logger.debug(`watching ${name} has ended and begins anew: ${errorText(error)}`);
          this.#watched.delete(key);
        },
      );
      this.#watched.set(key, watching);
      await watching.catch((error) => {
        logger.debug(`cannot watch ${name}, polling only: ${errorText(error)}`);
        this.#watched.delete(key);
      });
    }
    for (const [key, watching] of this.#watched) {
      if (wanted.has(key)) continue;
      this.#watched.delete(key);
      await (await watching)();
    }
  }

  async close(): Promise<void> {
    for (const watching of this.#watched.values()) await watching.then((close) => close()).catch(() => undefined);
    this.#watched.clear();
  }

  #changed(name: string): void {
    const { queues, config, logger } = this.#context;
    const sent = queues.sendObserve(config.host, { v: 1, repo: name, cause: 'watch' });
    sent.catch((error) => logger.debug(`could not ask for a look at ${name}: ${errorText(error)}`));
  }
}
