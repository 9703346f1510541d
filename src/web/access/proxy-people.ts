import type { Config } from '../../kernel/config.ts';
import { FadingMap } from '../../kernel/fading-map.ts';
import type { Database } from '../../record/database.ts';
import { noteIdentity, type ToldIdentity } from '../../record/identities.ts';

/** Milliseconds until what a proxy tells is written again, though it tells the same. */
const noteEvery = 60_000;

/** The most people whose notes are remembered. */
const mostPeople = 10_000;

/** The people whom a proxy names in each request. What it tells is written once a minute, or when it changes. */
export class ProxyPeople {
  readonly #database: Database;
  readonly #config: Pick<Config, 'groupDays'>;
  readonly #noted = new FadingMap<string, Promise<number>>(noteEvery, mostPeople);

  constructor(database: Database, config: Pick<Config, 'groupDays'>) {
    this.#database = database;
    this.#config = config;
  }

  /** @returns id of the person */
  personOf(told: ToldIdentity): Promise<number> {
    const key = JSON.stringify(told);
    // a look must not keep the note from fading
    const known = this.#noted.peek(key);
    if (known) return known;
    const noting = noteIdentity(this.#database, this.#config, told).then(({ id }) => id);
    this.#noted.set(key, noting);
    // the next request tries again
    noting.catch(() => this.#noted.delete(key));
    return noting;
  }
}
